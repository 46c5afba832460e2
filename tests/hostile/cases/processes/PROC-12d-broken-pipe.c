// id: PROC-12d
// about: writes to a pipe that nobody reads
// expect: RTE signal 13
// include: probe.h
#include "probe.h"
int main(void) { int p[2]; if (pipe(p)) return 1; close(p[0]); return (int)write(p[1], "x", 1); }
