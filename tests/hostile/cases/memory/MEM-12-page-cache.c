// id: MEM-12
// about: reads large files of the toolchain again and again: cache is not its memory
// expect: AC
// tier: quick
// memory_mib: 16
// cpu_ms: 5000
// include: probe.h
#include "probe.h"
#include <dirent.h>
int main(void) {
    static char block[1 << 20];
    long total = 0;
    const char *directory = "/usr/lib/x86_64-linux-gnu";
    DIR *d = opendir(directory);
    struct dirent *e;
    while (d && total < 100l << 20 && (e = readdir(d))) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
        int fd = open(path, O_RDONLY);
        long n;
        while (fd >= 0 && (n = read(fd, block, sizeof block)) > 0) total += n;
        if (fd >= 0) close(fd);
    }
    puts(total > 50 << 20 ? "ok" : "too few files");
}
