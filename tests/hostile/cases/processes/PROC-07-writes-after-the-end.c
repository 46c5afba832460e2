// id: PROC-07
// about: a child adds to the output after the parent has ended
// expect: AC
// tier: quick
// include: probe.h
#include "probe.h"
int main(void) {
    pid_t parent = getpid();
    if (!fork()) {
        setsid();
        while (getppid() == parent) usleep(100);
        usleep(50000);
        puts("more"); fflush(stdout);
        _exit(0);
    }
    puts("ok");
}
