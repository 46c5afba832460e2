// id: DSK-13
// about: asks for a core file and aborts with much memory
// expect: RTE signal 6
// tier: quick
// memory_mib: 128
// include: probe.h
#include "probe.h"
int main(void) {
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    if (!setrlimit(RLIMIT_CORE, &all)) return 1;
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    memset(malloc(60 << 20), 1, 60 << 20);
    abort();
}
