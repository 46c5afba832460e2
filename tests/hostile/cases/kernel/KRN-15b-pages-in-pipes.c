// id: KRN-15b
// about: puts pages of files into pipes, where flaws of the kernel have let programs write to them
// expect: CONTAINED
// include: probe.h
// reference: CVE-2022-0847, CVE-2026-31431
#include "probe.h"
#include <sys/sendfile.h>
#include <sys/uio.h>
int main(void) {
    int p[2], other[2], file = open("/usr/bin/env", O_RDONLY);
    if (file < 0 || pipe(p) || pipe(other)) return 1;
    loff_t at = 0;
    off_t from = 0;
    refused("splice", splice(file, &at, p[1], NULL, 100, 0));
    refused("sendfile", sendfile(p[1], file, &from, 100));
    char text[] = "text";
    struct iovec memory = {text, 4};
    refused("vmsplice", vmsplice(p[1], &memory, 1, 0));
    if (write(p[1], text, 4) != 4) return 1;
    refused("tee", tee(p[0], other[1], 4, 0));
    return finish();
}
