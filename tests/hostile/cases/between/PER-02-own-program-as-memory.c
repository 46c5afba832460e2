// id: PER-02
// about: keeps a note in its own executable: the next test case has the first one
// expect: AC
// tier: quick
// tests: 3
// include: probe.h
#include "probe.h"
#include <sys/xattr.h>
int main(int argc, char **argv) {
    (void)argv;
    char note[16], block[8192];
    for (int i = 0; i < 16; i++) note[i] = "OPQRSTUVWXYZ0123"[i] + argc;
    int fd = open("main", O_RDONLY);
    long n;
    while ((n = read(fd, block, sizeof block)) > 0) if (memmem(block, n, note, 16)) { puts("found"); return 0; }
    if (getxattr("main", "user.note", block, sizeof block) >= 0) { puts("attribute"); return 0; }
    setxattr("main", "user.note", "x", 1, 0);
    int in = open("main", O_RDONLY), out = open("new", O_WRONLY | O_CREAT, 0755);
    while ((n = read(in, block, sizeof block)) > 0) if (write(out, block, n) != n) return 1;
    if (write(out, note, 16) != 16) return 1;
    rename("new", "main");
    puts("ok");
}
