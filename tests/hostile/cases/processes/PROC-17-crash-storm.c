// id: PROC-17
// about: a thousand children crash: no core file, no helper
// expect: RTE signal 11
// cpu_ms: 5000
// include: probe.h
#include "probe.h"
int main(void) {
    for (int i = 0; i < 1000; i++) { if (!fork()) raise(SIGSEGV); wait(NULL); }
    if (access("core", F_OK) == 0) return 3;
    raise(SIGSEGV);
}
