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
        if (!child) { if (!fork()) _exit(0); _exit(0); }
        waitpid(child, NULL, 0);
    }
    puts("ok");
}
