// id: KRN-14
// about: gives garbage to robust lists, restartable sequences, futexes and segment registers, and ends
// expect: AC or RTE
// tier: quick
// include: probe.h
#include "probe.h"
int main(void) {
    puts("ok"); fflush(stdout);
    syscall(SYS_set_robust_list, (void *)8, 24);
    syscall(SYS_rseq, (void *)0x1000, 32, 0, 0);
    static uint32_t futex = 0x80000001;
    for (int op = 0; op < 14; op++) { struct timespec soon = {0, 1000}; syscall(SYS_futex, &futex, op, 1, &soon, &futex, 1); }
    for (int command = 0; command < 512; command++) syscall(SYS_membarrier, command, 0, 0);
    _exit(0);
}
