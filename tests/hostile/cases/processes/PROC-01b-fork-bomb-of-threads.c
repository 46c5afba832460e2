// id: PROC-01b
// about: threads fork in sessions of their own
// expect: TLE
// cpu_ms: 300
// processes: 64
// include: probe.h
// check: cpu_ms <= 450
#include "probe.h"
static void *bomb(void *x) { for (;;) { if (!fork()) setsid(); } return x; }
int main(void) {
    pthread_t t;
    for (int i = 0; i < 7; i++) pthread_create(&t, NULL, bomb, NULL);
    bomb(NULL);
}
