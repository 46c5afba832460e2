// id: CPU-18
// about: has the kernel work: holes in files, sync, read-ahead; it is billed or refused
// expect: TLE
// cpu_ms: 300
// wall_ms: 8000
// include: probe.h
// check: cpu_ms >= 300
// denied: sync
#include "probe.h"
int main(void) {
    int fd = open("x", O_RDWR | O_CREAT, 0600);
    for (;;) {
        sync();
        if (fallocate(fd, 0, 0, 8 << 20)) return 1;
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8 << 20);
        readahead(fd, 0, 8 << 20);
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    }
}
