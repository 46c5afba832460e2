// id: MEM-01c
// about: allocates one byte at a time, for ever
// expect: MLE
// cpu_ms: 5000
// include: probe.h
// check: memory_mib >= 62.5
#include "probe.h"
int main(void) { for (;;) { char *p = malloc(1); if (!p) return 1; *p = 1; } }
