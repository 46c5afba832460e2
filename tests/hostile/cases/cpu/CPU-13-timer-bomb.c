// id: CPU-13
// about: thousands of timers that fire all the time
// expect: TLE or RTE
// cpu_ms: 300
// wall_ms: 5000
// include: probe.h
// check: cpu_ms <= 400
#include "probe.h"
#include <sys/time.h>
#include <sys/timerfd.h>
static void tick(int s) { (void)s; }
int main(void) {
    signal(SIGALRM, tick);
    struct itimerspec often = {{0, 1000}, {0, 1000}};
    for (int i = 0; i < 5000; i++) {
        timer_t t;
        if (timer_create(CLOCK_MONOTONIC, NULL, &t)) break;
        timer_settime(t, 0, &often, NULL);
        int fd = timerfd_create(CLOCK_MONOTONIC, 0);
        if (fd >= 0) timerfd_settime(fd, 0, &often, NULL);
    }
    struct itimerval alarm = {{0, 1}, {0, 1}};
    setitimer(ITIMER_REAL, &alarm, NULL);
    for (;;) __asm__ volatile("");
}
