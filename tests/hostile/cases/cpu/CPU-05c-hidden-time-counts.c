// id: CPU-05c
// about: children that nobody waits for burn 200 ms together: it is in the figure
// expect: AC
// include: probe.h
// check: cpu_ms >= 200
#include "probe.h"
int main(void) {
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 4; i++) if (!fork()) { burn(50); _exit(0); }
    while (wait(NULL) > 0);
    puts("ok");
}
