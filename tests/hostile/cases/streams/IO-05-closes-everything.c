// id: IO-05
// about: closes every descriptor there could be, and puts others over them
// expect: AC
// tier: quick
// include: probe.h
#include "probe.h"
int main(void) {
    puts("ok"); fflush(stdout);
    for (int i = 0; i < 65536; i++) dup2(0, i + 3);
    syscall(SYS_close_range, 0, ~0u, 0);
    for (int i = 0; i < 300; i++) close(i);
}
