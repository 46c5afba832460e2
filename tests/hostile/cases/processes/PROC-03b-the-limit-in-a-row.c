// id: PROC-03b
// about: has exactly as many tasks as allowed, each the child of the last
// expect: AC
// tier: quick
// processes: 8
// include: probe.h
#include "probe.h"
int main(void) {
    int p[2];
    if (pipe(p)) return 9;
    pid_t main_process = getpid();
    for (int depth = 1; depth < 8; depth++) { pid_t child = fork(); if (child < 0) return depth; if (child) goto up; }
    char answer = fork() == -1 && errno == EAGAIN ? 'y' : 'n';
    if (write(p[1], &answer, 1) != 1) _exit(1);
    pause();
up:
    if (getpid() != main_process) pause();
    if (read(p[0], &answer, 1) != 1 || answer != 'y') return 8;
    puts("ok");
}
