// id: CPU-04
// about: eight threads spin: their sum counts, and they have one CPU
// expect: TLE
// tier: quick
// cpu_ms: 300
// include: probe.h
// check: cpu_ms >= 300
// check: cpu_ms <= 400
#include "probe.h"
static void *spin(void *x) { for (;;) __asm__ volatile(""); return x; }
int main(void) {
    pthread_t t;
    for (int i = 0; i < 7; i++) pthread_create(&t, NULL, spin, NULL);
    spin(NULL);
}
