// id: CMP-09d
// about: has functions called as those of the library, which it uses itself: write, exit and malloc do nothing good
// expect: RTE or WA or AC
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
ssize_t write(int fd, const void *p, size_t n) { (void)fd; (void)p; return (ssize_t)n; }
void exit(int code) { syscall(SYS_exit_group, code + 300); __builtin_unreachable(); }
void *malloc(size_t n) { (void)n; return 0; }
int main(void) { puts("ok"); return 0; }
