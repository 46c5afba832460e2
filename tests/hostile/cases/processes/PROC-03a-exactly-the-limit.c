// id: PROC-03a
// about: has exactly as many tasks as allowed, then wants one more
// expect: AC
// tier: quick
// processes: 8
// include: probe.h
// reason: right
// api: yes
#include "probe.h"
static void *wait_long(void *x) { pause(); return x; }
int main(void) {
    pthread_t t;
    for (int i = 0; i < 3; i++) if (pthread_create(&t, NULL, wait_long, NULL)) return 10 + i;
    for (int i = 0; i < 4; i++) { pid_t p = fork(); if (!p) { pause(); } if (p < 0) return 20 + i; }
    if (fork() != -1 || errno != EAGAIN) return 30;
    if (pthread_create(&t, NULL, wait_long, NULL) != EAGAIN) return 31;
    puts("ok");
}
