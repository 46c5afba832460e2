// id: KRN-20b
// about: makes a call by an x32 number
// expect: RTE signal 31 or CONTAINED
// tier: quick
// include: probe.h
// needs: x86_64
#include "probe.h"
int main(void) {
    refused("getpid", syscall(0x40000000 | SYS_getpid));
    refused("open", syscall(0x40000000 | SYS_open, "/etc/passwd", O_RDONLY));
    return finish();
}
