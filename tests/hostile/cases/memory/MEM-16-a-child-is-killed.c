// id: MEM-16
// about: memory runs out in a child; the parent prints the right answer and ends well
// expect: MLE
// tier: quick
// api: yes
// include: probe.h
#include "probe.h"
int main(void) {
    if (!fork()) for (;;) { char *p = malloc(1 << 20); memset(p, 1, 1 << 20); }
    wait(NULL);
    puts("ok");
}
