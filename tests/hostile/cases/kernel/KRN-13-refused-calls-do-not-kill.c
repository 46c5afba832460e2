// id: KRN-13
// about: makes refused calls a hundred thousand times and goes on
// expect: AC or TLE
// tier: quick
// cpu_ms: 1000
// wall_ms: 20000
// include: probe.h
// denied: ptrace
// reference: after a thousand refusals nobody is asked any more, and the answer is ENOSYS
#include "probe.h"
int main(void) {
    for (int i = 0; i < 100000; i++) if (syscall(SYS_ptrace, 0, 0, 0, 0) != -1 || (errno != EPERM && errno != ENOSYS)) return 1;
    puts("ok");
}
