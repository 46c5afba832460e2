// id: PROC-12e
// about: overflows its stack and then, in the handler, its other stack
// expect: RTE signal 11
// tier: quick
// include: probe.h
#include "probe.h"
static int deep(int n) { volatile char b[512]; b[0] = (char)n; return deep(n + 1) + b[0]; }
static void again(int s) { deep(s); }
int main(void) {
    stack_t other = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
    sigaltstack(&other, NULL);
    struct sigaction action = {.sa_handler = again, .sa_flags = SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
    return deep(0);
}
