// id: MEM-01a
// about: allocates and touches 4 KiB at a time, for ever
// expect: MLE
// tier: quick
// include: probe.h
// check: memory_mib >= 62.5
// check: memory_mib <= 65
// api: yes
#include "probe.h"
int main(void) { for (;;) { char *p = malloc(4096); if (!p) return 1; *p = 1; } }
