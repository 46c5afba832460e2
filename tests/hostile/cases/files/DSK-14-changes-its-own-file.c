// id: DSK-14
// about: changes, renames, replaces and deletes its own executable: the next test case has the right one
// expect: AC
// api: yes
// tests: 3
// include: probe.h
#include "probe.h"
#include <sys/xattr.h>
int main(void) {
    struct stat about;
    if (stat("main", &about) || about.st_size < 1000) { puts("not the program"); return 0; }
    setxattr("main", "user.x", "y", 1, 0);
    chmod("main", 0777);
    utimensat(AT_FDCWD, "main", NULL, 0);
    int own = open("main", O_WRONLY | O_TRUNC);
    if (own >= 0) { puts("a running program was opened for writing"); return 0; }
    rename("main", "old");
    int fd = open("main", O_WRONLY | O_CREAT, 0777);
    if (fd >= 0 && write(fd, "#!/bin/sh\necho replaced\n", 24) != 24) return 1;
    unlink("old");
    unlink("main");
    puts("ok");
}
