// id: PROC-01c
// about: a bomb of vfork, whose children never let their parents go on
// expect: TLE or ILE or WTL
// cpu_ms: 300
// wall_ms: 1000
// include: probe.h
#include "probe.h"
int main(void) { for (;;) vfork(); }
