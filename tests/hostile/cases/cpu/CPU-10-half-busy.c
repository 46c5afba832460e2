// id: CPU-10
// about: works and sleeps by turns: judged by its CPU time, not by the clock
// expect: AC
// tier: quick
// cpu_ms: 400
// wall_ms: 8000
// include: probe.h
// check: cpu_ms >= 90
// check: cpu_ms <= 250
#include "probe.h"
int main(void) {
    for (int i = 0; i < 10; i++) { burn(9); usleep(10000); }
    puts("ok");
}
