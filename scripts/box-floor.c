/* The CPU time that the kernel alone asks for a box: the smallest static program that makes the same
 * namespaces, mounts and processes as the launcher does, with no limit, filter or report. Each line is
 * the one before and one thing more. As root:
 *
 *     gcc -O2 -static -o box-floor scripts/box-floor.c && ./box-floor 2000
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const STEPS[] = {
    "the program alone: vfork, execve, end", "an empty process: fork, end", "and the namespaces",
    "and its id maps", "and its root", "and its /proc", "and the program in it",
};
enum { BARE, FORK, NAMESPACES, IDS, ROOT, PROC, PROGRAM, STEP_COUNT };
enum { FLAGS = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS };
#define ROOT_DIRECTORY "/tmp/box-floor"

static char stack[65536] __attribute__((aligned(16)));

static void need(int holds, const char *what) {
    if (!holds) {
        perror(what);
        _exit(1);
    }
}

static int program(void *unused) {
    (void)unused;
    char *arguments[] = {"true", NULL}, *environment[] = {"PATH=/usr/bin:/bin", NULL};
    execve("/bin/true", arguments, environment);
    _exit(127);
}

static void end_of(pid_t pid) {
    int status;
    need(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "child");
}

static void run_program(void) {
    end_of(clone(program, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));
}

static void write_map(pid_t pid, const char *name) {
    char path[64];
    const char map[] = "0 1900009000 1\n1000 1900009001 1\n";
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int file = open(path, O_WRONLY);
    need(write(file, map, sizeof map - 1) > 0, path);
    close(file);
}

static void inside(int step, int root) {
    if (step >= ROOT) {
        need(!syscall(SYS_move_mount, root, "", AT_FDCWD, "/tmp", 4) && !fchdir(root), "attach");
        if (step >= PROC) {
            int context = syscall(SYS_fsopen, "proc", 1);
            need(!syscall(SYS_fsconfig, context, 6, NULL, NULL, 0), "proc");
            int proc = syscall(SYS_fsmount, context, 1, 15);
            need(!syscall(SYS_move_mount, proc, "", AT_FDCWD, "proc", 4), "attach proc");
        }
        need(!syscall(SYS_pivot_root, ".", ".") && !umount2(".", MNT_DETACH), "pivot");
        need(!chdir("/"), "chdir");
    }
    if (step >= PROGRAM)
        run_program();
    _exit(0);
}

static void once(int step) {
    if (step == BARE)
        return run_program();
    int gate[2], root = -1;
    need(!pipe2(gate, O_CLOEXEC), "pipe");
    if (step >= ROOT)
        root = syscall(SYS_open_tree, AT_FDCWD, ROOT_DIRECTORY, 1 | O_CLOEXEC | AT_RECURSIVE);
    struct clone_args request = {.flags = step >= NAMESPACES ? FLAGS : 0, .exit_signal = SIGCHLD};
    pid_t pid = syscall(SYS_clone3, &request, sizeof request);
    need(pid >= 0, "clone3");
    if (pid == 0) {
        char byte;
        need(read(gate[0], &byte, 1) == 1, "gate");
        if (step >= IDS)
            need(!syscall(SYS_setresgid, 0, 0, 0) && !syscall(SYS_setresuid, 0, 0, 0), "ids");
        inside(step, root);
    }
    if (step >= IDS) {
        write_map(pid, "uid_map");
        write_map(pid, "gid_map");
    }
    need(write(gate[1], "x", 1) == 1, "gate");
    close(gate[0]);
    close(gate[1]);
    close(root);
    end_of(pid);
}

static double used_us(void) {
    double sum = 0;
    for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++) {
        struct rusage use;
        getrusage(who, &use);
        sum += (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e6 + use.ru_utime.tv_usec + use.ru_stime.tv_usec;
    }
    return sum;
}

int main(int count, char **arguments) {
    int runs = count > 1 ? atoi(arguments[1]) : 1000;
    need(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount namespace");
    need(!mkdir(ROOT_DIRECTORY, 0755) || errno == EEXIST, ROOT_DIRECTORY);
    need(!mount("none", ROOT_DIRECTORY, "tmpfs", 0, NULL), "tmpfs");
    need(!chdir(ROOT_DIRECTORY) && !mkdir("usr", 0755) && !mkdir("proc", 0755), "directories");
    need(!symlink("usr/bin", "bin") && !symlink("usr/lib", "lib") && !symlink("usr/lib64", "lib64"), "links");
    need(!chdir("/") && !mount("/usr", ROOT_DIRECTORY "/usr", NULL, MS_BIND, NULL), "/usr");
    double used[STEP_COUNT] = {0};
    /* In turns, so that a drift of the machine's speed meets all. */
    for (int run = 0; run < runs; run++)
        for (int step = 0; step < STEP_COUNT; step++) {
            double before = used_us();
            once(step);
            used[step] += used_us() - before;
        }
    for (int step = 0; step < STEP_COUNT; step++)
        printf("%7.0f us  %s\n", used[step] / runs, STEPS[step]);
    umount2(ROOT_DIRECTORY, MNT_DETACH);
    return rmdir(ROOT_DIRECTORY);
}
