// id: PROC-03c
// about: has as many tasks as allowed two hundred times, processes and threads, and each time wants one more
// expect: AC
// tier: slow
// processes: 8
// cpu_ms: 5000
// include: probe.h
#include "probe.h"
static int gate[2];
static void *wait_at_gate(void *x) { char c; read(gate[0], &c, 1); return x; }
int main(void) {
    for (int round = 0; round < 200; round++) {
        pthread_t threads[3], more;
        pid_t children[4];
        if (pipe(gate)) return 9;
        for (int i = 0; i < 3; i++) if (pthread_create(&threads[i], NULL, wait_at_gate, NULL)) return 10;
        for (int i = 0; i < 4; i++) {
            if ((children[i] = fork()) < 0) return 11;
            if (!children[i]) { close(gate[1]); wait_at_gate(NULL); _exit(0); }
        }
        if (fork() != -1 || errno != EAGAIN) return 12;
        if (pthread_create(&more, NULL, wait_at_gate, NULL) != EAGAIN) return 13;
        close(gate[1]);
        for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
        for (int i = 0; i < 4; i++) waitpid(children[i], NULL, 0);
        close(gate[0]);
    }
    puts("ok");
}
