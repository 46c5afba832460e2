// id: MEM-20
// about: gives memory back, moves it, and forks after taking much: the peak is right
// expect: AC
// include: probe.h
// check: memory_mib >= 39
// check: memory_mib <= 43
#include "probe.h"
int main(void) {
    size_t size = 20 << 20;
    for (int i = 0; i < 5; i++) {
        char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(p, 1, size);
        madvise(p, size, MADV_DONTNEED);
        memset(p, 2, size);
        madvise(p, size, MADV_FREE);
        memset(p, 3, size);
        p = mremap(p, size, 2 * size, MREMAP_MAYMOVE);
        munmap(p, 2 * size);
    }
    char *p = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(p, 1, 2 * size);
    if (!fork()) { volatile char sum = 0; for (size_t i = 0; i < 2 * size; i += 4096) sum += p[i]; _exit(0); }
    wait(NULL);
    puts("ok");
}
