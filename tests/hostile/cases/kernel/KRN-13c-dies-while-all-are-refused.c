// id: KRN-13c
// about: ends while seven threads are in the middle of refused calls
// expect: AC
// tier: quick
// cpu_ms: 3000
// tests: 20
// include: probe.h
#include "probe.h"
static void *again(void *x) { for (;;) syscall(SYS_ptrace, 0, 0, 0, 0); return x; }
int main(void) {
    pthread_t t;
    for (int i = 0; i < 7; i++) pthread_create(&t, NULL, again, NULL);
    usleep(500);
    puts("ok");
}
