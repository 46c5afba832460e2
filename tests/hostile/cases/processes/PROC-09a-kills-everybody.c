// id: PROC-09a
// about: kills every process it may, which are only its own
// expect: AC
// tier: quick
// api: yes
// include: probe.h
#include "probe.h"
int main(void) {
    pid_t child = fork();
    if (!child) for (;;) pause();
    kill(-1, SIGKILL);
    int status;
    if (waitpid(child, &status, 0) != child || WTERMSIG(status) != SIGKILL) return 2;
    puts("ok");
}
