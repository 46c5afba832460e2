// id: DSK-10
// about: writes a little and syncs it, in a storm
// expect: TLE
// cpu_ms: 300
// wall_ms: 5000
// include: probe.h
// denied: sync
#include "probe.h"
int main(void) {
    int fd = open("x", O_RDWR | O_CREAT, 0600);
    int host = open("/usr/bin/env", O_RDONLY);
    for (;;) { if (pwrite(fd, "x", 1, 0) < 1) return 1; fsync(fd); fdatasync(host); sync(); syncfs(host); }
}
