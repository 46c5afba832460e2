// id: PROC-06
// about: leaves a daemon that holds standard output open for a minute
// expect: AC
// tier: quick
// api: yes
// include: probe.h
// check: wall_ms <= 1000
#include "probe.h"
int main(void) {
    if (!fork()) { setsid(); if (fork()) _exit(0); sleep(60); _exit(0); }
    wait(NULL);
    puts("ok");
}
