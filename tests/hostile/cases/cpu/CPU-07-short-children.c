// id: CPU-07
// about: very short children, again and again
// expect: TLE
// tier: quick
// cpu_ms: 400
// include: probe.h
// check: cpu_ms >= 400
// check: cpu_ms <= 500
#include "probe.h"
int main(void) { for (;;) { if (!vfork()) _exit(0); wait(NULL); } }
