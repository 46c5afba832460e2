// id: IO-04
// about: closes standard output; a file that it opens takes its place and is not its output
// expect: WA
// tier: quick
// include: probe.h
// check: output_bytes <= 0
#include "probe.h"
int main(void) {
    close(1);
    if (open("x", O_RDWR | O_CREAT, 0600) != 1) return 1;
    return write(1, "ok\n", 3) != 3;
}
