// id: MEM-11
// about: looks for names that are not there, each of which the kernel remembers
// expect: AC or MLE or TLE
// cpu_ms: 1000
// include: probe.h
// check: memory_mib <= 65
#include "probe.h"
int main(void) {
    char path[300];
    struct stat about;
    for (int i = 0; i < 200000; i++) {
        snprintf(path, sizeof path, "/box/%0200d", i);
        stat(path, &about);
    }
    puts("ok");
}
