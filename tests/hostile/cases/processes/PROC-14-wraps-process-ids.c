// id: PROC-14
// about: forks until the process ids of its namespace wrap around, or its time is up: millions of times
// expect: AC or TLE
// cpu_ms: 20000
// wall_ms: 120000
// include: probe.h
// tier: slow
#include "probe.h"
int main(void) {
    pid_t last = 0, child;
    for (long i = 0; i < 5000000; i++) {
        if (!(child = vfork())) _exit(0);
        waitpid(child, NULL, 0);
        if (child < last) break;
        last = child;
    }
    puts("ok");
}
