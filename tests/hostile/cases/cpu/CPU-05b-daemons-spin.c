// id: CPU-05b
// about: daemons spin in sessions of their own, forked twice
// expect: TLE
// tier: quick
// cpu_ms: 300
// include: probe.h
// check: cpu_ms >= 300
// check: cpu_ms <= 400
#include "probe.h"
int main(void) {
    for (int i = 0; i < 3; i++) {
        if (!fork()) {
            setsid();
            if (fork()) _exit(0);
            for (;;) __asm__ volatile("");
        }
    }
    while (wait(NULL) > 0);
    for (;;) pause();
}
