// id: MEM-13c
// about: starts a thousand threads with large stacks
// expect: AC
// processes: 64
// include: probe.h
#include "probe.h"
static void *wait_long(void *x) { pause(); return x; }
int main(void) {
    pthread_attr_t large;
    pthread_attr_init(&large);
    pthread_attr_setstacksize(&large, 256 << 20);
    pthread_t t;
    int n = 0;
    while (n < 1000 && !pthread_create(&t, &large, wait_long, NULL)) n++;
    if (n > 63) return n;
    puts("ok");
}
