// id: CPU-14
// about: executes itself for ever, with more arguments each time
// expect: TLE or RTE
// cpu_ms: 300
// include: probe.h
// check: cpu_ms <= 400
#include "probe.h"
int main(int argc, char **argv) {
    char **more = calloc(argc + 2, sizeof *more);
    for (int i = 0; i < argc; i++) more[i] = argv[i];
    more[argc] = "again";
    execv("./main", more);
    return 1;
}
