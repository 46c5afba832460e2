// id: MEM-08a
// about: fills as many pipes as it can, as large as they get
// expect: AC or MLE
// tier: quick
// include: probe.h
// check: memory_mib <= 65
#include "probe.h"
int main(void) {
    static char block[1 << 20];
    for (int i = 0; i < 1000; i++) {
        int p[2];
        if (pipe2(p, O_NONBLOCK)) break;
        fcntl(p[1], F_SETPIPE_SZ, 1 << 20);
        while (write(p[1], block, sizeof block) > 0);
    }
    puts("ok");
}
