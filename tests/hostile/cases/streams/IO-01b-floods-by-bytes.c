// id: IO-01b
// about: writes to standard output for ever, byte by byte
// expect: OLE
// tier: quick
// include: probe.h
#include "probe.h"
int main(void) { for (;;) if (write(1, "x", 1) < 0) return 1; }
