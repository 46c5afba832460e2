// id: DSK-10b
// about: goes around the cache to files of the toolchain, and has mappings written back, in a storm
// expect: TLE
// cpu_ms: 300
// wall_ms: 8000
// include: probe.h
#include "probe.h"
int main(void) {
    int fd = open("x", O_RDWR | O_CREAT, 0600), host = open("/usr/bin/env", O_RDONLY | O_DIRECT);
    if (ftruncate(fd, 1 << 20)) return 1;
    char *own = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *block;
    if (posix_memalign((void **)&block, 4096, 4096)) return 1;
    for (;;) {
        memset(own, 1, 1 << 20);
        msync(own, 1 << 20, MS_SYNC);
        sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        if (host >= 0) (void)!pread(host, block, 4096, 0);
    }
}
