// id: CPU-15
// about: touches nearly all its memory and ends at once: giving it back is not billed
// expect: AC
// tier: quick
// memory_mib: 256
// cpu_ms: 1500
// include: probe.h
// check: memory_mib >= 225
#include "probe.h"
int main(void) {
    size_t size = 230ul << 20;
    memset(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, size);
    puts("ok");
}
