// id: KRN-14b
// about: calls the page of old system calls, sets segment registers to nonsense, and fights for futexes with inheritance
// expect: AC
// needs: x86_64
// include: probe.h
#include "probe.h"
#include <asm/prctl.h>
static uint32_t lock;
static void *fight(void *x) {
    for (int i = 0; i < 2000; i++) {
        struct timespec soon = {0, 1};
        syscall(SYS_futex, &lock, 6, 0, &soon, 0, 0);
        syscall(SYS_futex, &lock, 7, 0, 0, 0, 0);
    }
    return x;
}
int main(void) {
    if (!fork()) { ((long (*)(void *))0xffffffffff600400)(NULL); _exit(0); }
    if (!fork()) { syscall(SYS_arch_prctl, ARCH_SET_FS, 0xdead0000ul); for (;;) fork(); }
    if (!fork()) { syscall(SYS_arch_prctl, ARCH_SET_GS, ~0ul); syscall(SYS_arch_prctl, 0x1012, 0); syscall(SYS_arch_prctl, 0x5001, ~0ul); _exit(0); }
    usleep(20000);
    kill(-1, SIGKILL);
    while (wait(NULL) > 0);
    pthread_t t[4];
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, fight, NULL);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    puts("ok");
}
