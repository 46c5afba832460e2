// id: DSK-09
// about: opens descriptors of every kind until there are no more, in each of its processes
// expect: CONTAINED
// tier: quick
// include: probe.h
#include "probe.h"
#include <sys/epoll.h>
int main(void) {
    struct rlimit all = {1 << 20, 1 << 20};
    refused("more descriptors", setrlimit(RLIMIT_NOFILE, &all));
    for (int child = 0; child < 8; child++) {
        if (fork()) continue;
        int n = 0, fd = 0;
        while (fd >= 0 && n < 100000) { fd = n % 3 ? dup(0) : n % 2 ? epoll_create1(0) : open("/dev/null", O_RDONLY); n++; }
        if (n > 2000) found("descriptors", n);
        fflush(stdout);
        usleep(20000);
        _exit(found_count);
    }
    int status;
    while (wait(&status) > 0) if (status) found_count++;
    return finish();
}
