// id: FS-22c
// about: puts layers of its own on itself: Landlock, and filters that ask a tracer or a listener that is not there
// expect: AC or RTE or ILE or TLE
// wall_ms: 1000
// cpu_ms: 500
// include: probe.h
#include "probe.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
static void on_getppid(unsigned action) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {4, code};
    if (!fork()) {
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
        syscall(SYS_getppid);
        _exit(0);
    }
    wait(NULL);
}
int main(void) {
    uint64_t handled[2] = {1ull << 0, 0};
    long rules = syscall(444, handled, 8, 0);
    syscall(446, rules, 0);
    on_getppid(SECCOMP_RET_TRACE | 7);
    on_getppid(SECCOMP_RET_USER_NOTIF);
    on_getppid(SECCOMP_RET_TRAP);
    on_getppid(SECCOMP_RET_KILL_THREAD);
    on_getppid(SECCOMP_RET_ERRNO | 4095);
    on_getppid(0x12345678);
    puts("ok");
}
