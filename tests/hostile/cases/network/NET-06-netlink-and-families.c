// id: NET-06
// about: makes sockets of every family, kind and protocol of netlink
// expect: CONTAINED
// tier: quick
// include: probe.h
// denied: socket
#include "probe.h"
#include <sys/socket.h>
int main(void) {
    for (int family = 0; family < 64; family++)
        for (int kind = 1; kind < 11; kind++)
            for (int protocol = 0; protocol < (family == AF_NETLINK ? 24 : 2); protocol++) {
                int fd = socket(family, kind, protocol);
                if (fd >= 0 && family != AF_UNIX) found("family", family);
                if (fd >= 0) close(fd);
                int pair[2];
                if (socketpair(family, kind, protocol, pair) == 0) {
                    if (family != AF_UNIX) found("pair", family);
                    close(pair[0]); close(pair[1]);
                }
            }
    refused("a family beyond all", socket(1 << 20, 1, 0));
    refused("a negative family", socket(-1, 1, 0));
    refused("high bits", syscall(SYS_socket, 0x100000002, 1, 0));
    return finish();
}
