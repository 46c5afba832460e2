// id: PROC-08
// about: ignores or blocks every signal there is, and spins
// expect: TLE
// tier: quick
// cpu_ms: 200
// include: probe.h
// check: cpu_ms <= 300
#include "probe.h"
int main(void) {
    sigset_t all;
    sigfillset(&all);
    for (int s = 1; s < 65; s++) signal(s, SIG_IGN);
    stack_t tiny = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ};
    sigaltstack(&tiny, NULL);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (;;) __asm__ volatile("");
}
