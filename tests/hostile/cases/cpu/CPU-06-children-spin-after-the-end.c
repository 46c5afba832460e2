// id: CPU-06
// about: prints the right answer and ends while children still spin
// expect: AC
// tier: quick
// include: probe.h
// check: cpu_ms <= 200
// check: wall_ms <= 500
#include "probe.h"
int main(void) {
    for (int i = 0; i < 4; i++) if (!fork()) { setsid(); for (;;) __asm__ volatile(""); }
    puts("ok");
}
