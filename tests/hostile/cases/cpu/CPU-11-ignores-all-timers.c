// id: CPU-11
// about: raises its CPU rlimit and ignores every signal that could announce the end
// expect: TLE
// cpu_ms: 300
// include: probe.h
// check: cpu_ms <= 400
#include "probe.h"
int main(void) {
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_CPU, &all);
    for (int s = 1; s < 65; s++) signal(s, SIG_IGN);
    for (;;) __asm__ volatile("");
}
