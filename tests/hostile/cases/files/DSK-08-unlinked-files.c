// id: DSK-08
// about: holds large files that have no name any more, and spins until it is killed
// expect: TLE
// cpu_ms: 300
// memory_mib: 128
// include: probe.h
#include "probe.h"
int main(void) {
    static char block[1 << 20];
    for (int i = 0; i < 40; i++) {
        int fd = open("/tmp/x", O_RDWR | O_CREAT | O_TRUNC, 0600);
        if (write(fd, block, sizeof block) < 0) return 1;
        unlink("/tmp/x");
    }
    for (;;) __asm__ volatile("");
}
