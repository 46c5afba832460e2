// id: DSK-02a
// about: allocates 100 GB, and makes a file of 1 TB with one byte in it
// expect: CONTAINED
// tier: quick
// include: probe.h
#include "probe.h"
int main(void) {
    signal(SIGXFSZ, SIG_IGN);
    int fd = open("x", O_RDWR | O_CREAT, 0600);
    refused("fallocate", fallocate(fd, 0, 0, 100l << 30));
    refused("truncate", ftruncate(fd, 1l << 40));
    lseek(fd, 1l << 40, SEEK_SET);
    refused("far write", write(fd, "x", 1));
    return finish();
}
