// id: CPU-02
// about: waits for ever, by turns in pause, select and poll
// expect: ILE
// wall_ms: 500
// include: probe.h
// check: cpu_ms <= 50
// api: yes
#include "probe.h"
#include <poll.h>
#include <sys/select.h>
int main(void) {
    poll(NULL, 0, 100);
    struct timeval tv = {0, 100000};
    select(0, NULL, NULL, NULL, &tv);
    for (;;) pause();
}
