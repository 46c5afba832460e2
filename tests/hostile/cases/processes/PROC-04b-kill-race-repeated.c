// id: PROC-04b
// about: the main process ends while its children run away by forking, two hundred times
// expect: AC
// processes: 32
// include: probe.h
// tier: slow
// repeat: 200
#include "probe.h"
int main(void) {
    for (int i = 0; i < 6; i++) {
        if (!fork()) {
            setsid();
            for (int s = 1; s < 65; s++) signal(s, SIG_IGN);
            for (;;) if (fork() > 0) _exit(0);
        }
    }
    puts("ok");
}
