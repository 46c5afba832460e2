// id: IO-02
// about: floods standard error, and its output is right
// expect: AC
// tier: quick
// api: yes
// include: probe.h
#include "probe.h"
int main(void) { static char block[1 << 20]; for (int i = 0; i < 100; i++) if (write(2, block, sizeof block) < 0) return 1; puts("ok"); }
