// id: MEM-02
// about: reserves 100 GB of addresses and touches one MiB
// expect: AC
// include: probe.h
// check: memory_mib <= 8
#include "probe.h"
int main(void) {
    char *p = mmap(NULL, 100ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return 1;
    memset(p + (50ul << 30), 1, 1 << 20);
    puts("ok");
}
