// id: PROC-13g
// about: a thread ends the program while the main thread spins
// expect: RTE exit 7
// tier: quick
// include: probe.h
#include "probe.h"
static void *end(void *x) { exit(7); return x; }
int main(void) { pthread_t t; pthread_create(&t, NULL, end, NULL); for (;;) __asm__ volatile(""); }
