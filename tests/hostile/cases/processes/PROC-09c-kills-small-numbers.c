// id: PROC-09c
// about: kills every small process id but its own, and threads of them
// expect: CONTAINED
// include: probe.h
#include "probe.h"
int main(void) {
    for (int pid = 1; pid < 40000; pid++) {
        if (pid == getpid()) continue;
        if (kill(pid, SIGKILL) == 0) found("kill", pid);
        if (syscall(SYS_tgkill, pid, pid, SIGKILL) == 0) found("tgkill", pid);
    }
    return finish();
}
