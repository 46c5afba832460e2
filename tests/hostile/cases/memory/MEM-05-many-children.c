// id: MEM-05
// about: twelve children hold a tenth of the limit each, at the same time
// expect: MLE
// tier: quick
// api: yes
// include: probe.h
#include "probe.h"
int main(void) {
    for (int i = 0; i < 12; i++) if (!fork()) { memset(malloc(6 << 20), 1, 6 << 20); pause(); }
    while (wait(NULL) > 0);
    puts("ok");
}
