// id: MEM-01b
// about: allocates and touches 16 MiB at a time, for ever
// expect: MLE
// include: probe.h
// check: memory_mib >= 62.5
// check: memory_mib <= 65
#include "probe.h"
int main(void) { for (;;) { char *p = malloc(16 << 20); if (!p) return 1; memset(p, 1, 16 << 20); } }
