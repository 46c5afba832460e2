// id: IO-09
// about: seeks and truncates its output, as if it were a file
// expect: CONTAINED
// tier: quick
// include: probe.h
#include "probe.h"
int main(void) {
    refused("seek", lseek(1, 1l << 40, SEEK_SET));
    refused("truncate", ftruncate(1, 1l << 40));
    refused("write ahead", pwrite(1, "x", 1, 1l << 40));
    char c;
    refused("read back", pread(1, &c, 1, 0));
    int again = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
    if (again >= 0) close(again);
    return finish();
}
