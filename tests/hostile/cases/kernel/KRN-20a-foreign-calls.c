// id: KRN-20a
// about: makes a 32-bit call from 64-bit code
// expect: RTE signal 31
// tier: quick
// needs: x86_64
// reference: DMOJ 077d3ede
#include <stdio.h>
int main(void) {
    puts("ok"); fflush(stdout);
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20));
    printf("%d\n", result);
}
