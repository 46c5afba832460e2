// id: PROC-05
// about: leaves a daemon that closed all streams
// expect: AC
// tier: quick
// api: yes
// include: probe.h
// check: wall_ms <= 1000
#include "probe.h"
int main(void) {
    if (!fork()) { setsid(); if (fork()) _exit(0); close(0); close(1); close(2); sleep(60); _exit(0); }
    wait(NULL);
    puts("ok");
}
