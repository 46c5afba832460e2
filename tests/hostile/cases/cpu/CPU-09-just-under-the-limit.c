// id: CPU-09
// about: burns 97 percent of its limit, again and again: never over it
// expect: AC
// cpu_ms: 300
// include: probe.h
// tier: slow
// repeat: 200
#include "probe.h"
int main(void) { burn_until(291 - 2); puts("ok"); }
