// id: MEM-13b
// about: raises its stack limit as far as it may and executes itself, then recurses without end
// expect: RTE signal 11 or MLE
// include: probe.h
#include "probe.h"
int f(int n) { volatile char b[512]; b[0] = (char)n; return f(n + 1) + b[0]; }
int main(int argc, char **argv) {
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_STACK, &all) == 0) return 3;
    getrlimit(RLIMIT_STACK, &all);
    all.rlim_cur = all.rlim_max;
    setrlimit(RLIMIT_STACK, &all);
    if (argc == 1) { execl("./main", "main", "again", NULL); return 4; }
    (void)argv;
    return f(0);
}
