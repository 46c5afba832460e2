// id: MEM-13e
// about: takes a gigabyte of stack at once, and touches both ends of it
// expect: RTE signal 11
// include: probe.h
#include "probe.h"
#include <alloca.h>
int main(int argc, char **argv) {
    (void)argv;
    size_t size = (size_t)argc << 30;
    volatile char *p = alloca(size);
    p[size - 1] = 1;
    p[0] = 1;
    puts("ok");
}
