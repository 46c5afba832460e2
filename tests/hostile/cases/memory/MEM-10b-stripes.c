// id: MEM-10b
// about: splits a mapping into stripes of other protection, as many as there can be
// expect: AC or MLE
// cpu_ms: 3000
// include: probe.h
#include "probe.h"
int main(void) {
    size_t size = 1ul << 30;
    char *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (size_t at = 0; at < size; at += 8192) if (mprotect(p + at, 4096, PROT_READ)) break;
    puts("ok");
}
