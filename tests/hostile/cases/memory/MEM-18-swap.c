// id: MEM-18
// about: asks for its memory to be swapped out, and so holds more than the limit
// expect: MLE
// tier: quick
// include: probe.h
// check: memory_mib >= 62.5
#include "probe.h"
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
int main(void) {
    size_t size = 8 << 20;
    for (int i = 0; i < 16; i++) {
        char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(p, i + 1, size);
        madvise(p, size, MADV_PAGEOUT);
    }
    puts("ok");
}
