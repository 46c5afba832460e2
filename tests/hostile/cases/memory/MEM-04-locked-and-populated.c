// id: MEM-04
// about: wants locked, populated and huge pages, twice as many as it may have
// expect: MLE or RTE
// include: probe.h
#include "probe.h"
int main(void) {
    mlockall(MCL_CURRENT | MCL_FUTURE);
    size_t size = 128 << 20;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);
    mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_LOCKED, -1, 0);
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    madvise(p, size, MADV_HUGEPAGE);
    mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_POPULATE, -1, 0);
    memset(p, 1, size);
    puts("ok");
    return 1;
}
