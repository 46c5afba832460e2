// id: PROC-10
// about: sends every signal to process 1 and to its parent, also with a forged sender
// expect: CONTAINED
// include: probe.h
#include "probe.h"
int main(void) {
    for (int s = 1; s < 65; s++) {
        refused("kill 1", kill(1, s));
        refused("kill parent", kill(getppid(), s));
        siginfo_t forged = {.si_signo = s, .si_code = SI_QUEUE, .si_pid = 1};
        refused("queue", syscall(SYS_rt_sigqueueinfo, 1, s, &forged));
    }
    return finish();
}
