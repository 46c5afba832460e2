// id: IO-01a
// about: writes to standard output for ever, in blocks of 64 KiB
// expect: OLE
// tier: quick
// include: probe.h
// check: output_bytes >= 65536
// reason: limit of 64 KiB
// api: yes
#include "probe.h"
int main(void) { static char block[1 << 16]; for (;;) if (write(1, block, sizeof block) < 0) return 1; }
