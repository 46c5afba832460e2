// id: PROC-02b
// about: two thousand orphans end one after another: somebody reaps them
// expect: AC
// cpu_ms: 3000
// processes: 4
// include: probe.h
#include "probe.h"
int main(void) {
    for (int i = 0; i < 2000; i++) {
        pid_t child = fork();
        if (child < 0) { usleep(1000); i--; continue; }
        if (!child) _exit(fork() < 0);
        int refused;
        waitpid(child, &refused, 0);
        if (refused) { usleep(1000); i--; }
    }
    puts("ok");
}
