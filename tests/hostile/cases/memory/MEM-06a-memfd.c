// id: MEM-06a
// about: fills an anonymous file
// expect: MLE or RTE
// tier: quick
// include: probe.h
// check: memory_mib <= 65
#include "probe.h"
int main(void) {
    int fd = memfd_create("x", 0);
    static char block[1 << 20];
    memset(block, 1, sizeof block);
    for (int i = 0; i < 200; i++) if (write(fd, block, sizeof block) < 0) return 1;
    puts("ok");
}
