// id: IO-03
// about: floods standard error and standard output by turns: nobody waits for the other
// expect: OLE
// tier: quick
// include: probe.h
#include "probe.h"
int main(void) { static char block[1 << 14]; for (;;) if (write(2, block, sizeof block) < 0 || write(1, block, sizeof block / 16) < 0) return 1; }
