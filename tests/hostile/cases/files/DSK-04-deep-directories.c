// id: DSK-04
// about: nests directories far beyond the longest path
// expect: AC
// cpu_ms: 3000
// include: probe.h
#include "probe.h"
int main(void) {
    int depth = 0;
    while (depth < 3000 && !mkdir("d", 0700) && !chdir("d")) depth++;
    puts(depth == 3000 ? "ok" : "odd");
}
