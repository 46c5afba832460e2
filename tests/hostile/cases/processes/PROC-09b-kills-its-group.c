// id: PROC-09b
// about: kills its process group, itself among it
// expect: RTE signal 9
// include: probe.h
#include "probe.h"
int main(void) { puts("ok"); fflush(stdout); kill(0, SIGKILL); for (;;) pause(); }
