// id: DSK-03
// about: makes empty files until there are no more
// expect: AC
// tier: quick
// cpu_ms: 3000
// include: probe.h
#include "probe.h"
int main(void) {
    char name[32];
    for (int i = 0; i < 1000000; i++) {
        snprintf(name, sizeof name, "/tmp/%d", i);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (fd < 0) { puts(errno == ENOSPC && i < 20000 ? "ok" : "odd"); return 0; }
        close(fd);
    }
    puts("a million files");
}
