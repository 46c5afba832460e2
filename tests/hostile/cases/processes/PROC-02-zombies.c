// id: PROC-02
// about: forks children that end and are never waited for
// expect: TLE
// tier: quick
// cpu_ms: 300
// include: probe.h
// reason: the limit of 16 processes was reached
#include "probe.h"
int main(void) { for (;;) if (!fork()) _exit(0); }
