// id: PROC-15b
// about: a child of vfork never lets its parent go on
// expect: ILE
// wall_ms: 400
// include: probe.h
#include "probe.h"
int main(void) { if (!vfork()) for (;;) pause(); }
