// id: MEM-10a
// about: touches one byte in every 2 MiB of terabytes: the tables of pages count
// expect: MLE or RTE
// tier: quick
// cpu_ms: 5000
// include: probe.h
#include "probe.h"
int main(void) {
    for (;;) {
        char *p = mmap(NULL, 64ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED) return 1;
        madvise(p, 64ul << 30, MADV_NOHUGEPAGE);
        for (size_t at = 0; at < 64ul << 30; at += 2 << 20) p[at] = 1;
    }
}
