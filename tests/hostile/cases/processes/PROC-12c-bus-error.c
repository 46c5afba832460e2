// id: PROC-12c
// about: reads a mapping past the end of its file
// expect: RTE signal 7
// tier: quick
// reason: SIGBUS
// include: probe.h
#include "probe.h"
int main(void) {
    int fd = open("x", O_RDWR | O_CREAT, 0600);
    if (ftruncate(fd, 4096)) return 1;
    volatile char *m = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
    return m[5000];
}
