// id: IO-16
// about: gives pages to standard output and changes them afterwards
// expect: AC or WA
// tier: quick
// include: probe.h
#include "probe.h"
#include <sys/uio.h>
int main(void) {
    static char page[4096] __attribute__((aligned(4096))) = "ok\n";
    struct iovec v = {page, 3};
    if (vmsplice(1, &v, 1, SPLICE_F_GIFT) < 0) { puts("ok"); return 0; }
    memcpy(page, "no\n", 3);
}
