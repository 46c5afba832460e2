// id: IO-10
// about: sets every flag, owner, size, lease and notification on its streams
// expect: AC
// tier: quick
// include: probe.h
#include "probe.h"
int main(void) {
    signal(SIGIO, SIG_IGN);
    for (int fd = 0; fd < 3; fd++) {
        fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND | O_ASYNC);
        for (int pid = 0; pid < 5; pid++) fcntl(fd, F_SETOWN, pid);
        fcntl(fd, F_SETSIG, SIGKILL);
        fcntl(fd, F_SETPIPE_SZ, 4096);
        fcntl(fd, F_SETLEASE, F_WRLCK);
        fcntl(fd, F_NOTIFY, DN_ACCESS);
    }
    puts("ok");
}
