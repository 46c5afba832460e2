// id: PROC-13h
// about: main returns while other threads spin
// expect: AC
// tier: quick
// include: probe.h
#include "probe.h"
static void *spin(void *x) { for (;;) __asm__ volatile(""); return x; }
int main(void) { pthread_t t; for (int i = 0; i < 4; i++) pthread_create(&t, NULL, spin, NULL); puts("ok"); return 0; }
