// id: CPU-09b
// about: burns 103 percent of its limit, again and again: always over it
// expect: TLE
// cpu_ms: 300
// include: probe.h
// tier: slow
// repeat: 200
#include "probe.h"
int main(void) { burn(309); puts("ok"); }
