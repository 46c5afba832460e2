// id: PROC-01a
// about: the classic fork bomb
// expect: TLE
// tier: quick
// cpu_ms: 300
// include: probe.h
// check: cpu_ms <= 450
// reason: the limit of 16 processes was reached
// api: yes
#include "probe.h"
int main(void) { for (;;) fork(); }
