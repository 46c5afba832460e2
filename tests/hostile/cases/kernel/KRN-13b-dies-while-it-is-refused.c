// id: KRN-13b
// about: kills children in the middle of refused calls, and a signal interrupts others
// expect: AC
// tier: quick
// cpu_ms: 3000
// include: probe.h
// denied: ptrace
#include "probe.h"
static void tick(int s) { (void)s; }
int main(void) {
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (!child) for (;;) syscall(SYS_ptrace, 0, 0, 0, 0);
        usleep(300);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    signal(SIGALRM, tick);
    for (int i = 0; i < 200; i++) { ualarm(50, 0); syscall(SYS_ptrace, 0, 0, 0, 0); }
    ualarm(0, 0);
    puts("ok");
}
