// id: CPU-17
// about: reads past the end of its input for ever
// expect: TLE
// cpu_ms: 300
// include: probe.h
// check: cpu_ms <= 400
#include "probe.h"
int main(void) { char c; while (read(0, &c, 1) >= 0); }
