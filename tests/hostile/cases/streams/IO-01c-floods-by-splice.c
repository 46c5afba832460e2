// id: IO-01c
// about: fills standard output by sendfile, writev and splice
// expect: OLE
// tier: quick
// include: probe.h
#include "probe.h"
#include <sys/sendfile.h>
#include <sys/uio.h>
int main(void) {
    int fd = open("/usr/bin/gcc", O_RDONLY);
    for (;;) {
        lseek(fd, 0, SEEK_SET);
        sendfile(1, fd, NULL, 1 << 20);
        struct iovec v[2] = {{"abc", 3}, {"def", 3}};
        if (writev(1, v, 2) < 0) return 1;
    }
}
