// id: CPU-05a
// about: the parent waits while children spin, whose end it ignores
// expect: TLE
// tier: quick
// cpu_ms: 300
// include: probe.h
// check: cpu_ms >= 300
// check: cpu_ms <= 400
#include "probe.h"
int main(void) {
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 4; i++) if (!fork()) for (;;) __asm__ volatile("");
    for (;;) wait(NULL), pause();
}
