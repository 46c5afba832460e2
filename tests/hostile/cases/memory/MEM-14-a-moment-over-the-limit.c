// id: MEM-14
// about: is over the limit for a moment only
// expect: MLE
// tier: quick
// include: probe.h
#include "probe.h"
int main(void) {
    size_t size = 80 << 20;
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(p, 1, size);
    munmap(p, size);
    puts("ok");
}
