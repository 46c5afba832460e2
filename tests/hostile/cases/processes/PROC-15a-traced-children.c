// id: PROC-15a
// about: children ask to be traced and stop, and the parent ends
// expect: AC
// tier: quick
// denied: ptrace
// include: probe.h
#include "probe.h"
#include <sys/ptrace.h>
int main(void) {
    for (int i = 0; i < 4; i++) if (!fork()) { ptrace(PTRACE_TRACEME, 0, 0, 0); raise(SIGSTOP); for (;;) pause(); }
    usleep(20000);
    puts("ok");
}
