// id: CPU-08
// about: burns system time: getpid, mapping, opening what is not there, a pipe to itself
// expect: TLE
// cpu_ms: 300
// include: probe.h
// check: cpu_ms >= 300
// check: cpu_ms <= 400
#include "probe.h"
int main(void) {
    int p[2];
    char c = 0;
    if (pipe(p)) return 1;
    for (;;) {
        for (int i = 0; i < 100; i++) syscall(SYS_getpid);
        char *m = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int i = 0; i < 16; i++) m[i * 4096] = 1;
        munmap(m, 1 << 16);
        open("/nothing/here", O_RDONLY);
        if (write(p[1], &c, 1) + read(p[0], &c, 1) != 2) return 1;
    }
}
