// id: IO-01c
// about: fills standard output by sendfile, writev and splice
// expect: OLE
// include: probe.h
#include "probe.h"
#include <sys/sendfile.h>
#include <sys/uio.h>
int main(void) {
    int fd = open("/usr/bin/gcc", O_RDONLY);
    for (;;) {
        lseek(fd, 0, SEEK_SET);
        sendfile(1, fd, NULL, 1 << 20);
        int p[2];
        if (pipe(p) || write(p[1], "splice", 6) != 6) return 2;
        splice(p[0], NULL, 1, NULL, 6, 0);
        close(p[0]); close(p[1]);
        struct iovec v[2] = {{"abc", 3}, {"def", 3}};
        if (writev(1, v, 2) < 0) return 1;
    }
}
