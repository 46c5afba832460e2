// id: PROC-04
// about: children run away by forking and ignore every signal, while the main process spins
// expect: TLE
// tier: quick
// cpu_ms: 300
// wall_ms: 5000
// processes: 32
// include: probe.h
#include "probe.h"
int main(void) {
    for (int s = 1; s < 65; s++) signal(s, SIG_IGN);
    for (int i = 0; i < 6; i++) if (!fork()) { setsid(); for (;;) if (fork() > 0) _exit(0); }
    for (;;) __asm__ volatile("");
}
