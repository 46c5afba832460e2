/* What the kernel alone asks for a box: the smallest static program that makes the same namespaces, mounts
 * and processes as the launcher does, with no limit, filter or report. First the CPU time, where each line is
 * the one before and one thing more; then how many boxes a second all CPUs make, run and take down together,
 * in shares of the bare program. As root:
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
#include <time.h>
#include <unistd.h>

static const char *const STEPS[] = {
    "the program alone: vfork, execve, end", "an empty process: fork, end", "and the namespaces",
    "and its id maps", "and its scratch file system", "and its /proc", "and the program in it",
};
enum { BARE, FORK, NAMESPACES, IDS, SCRATCH, PROC, PROGRAM, STEP_COUNT };
enum { FLAGS = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS };

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

static void attach(int mount, const char *target) {
    need(!syscall(SYS_move_mount, mount, "", AT_FDCWD, target, 4), target);
}

static int new_mount(const char *type, int attributes) {
    int context = syscall(SYS_fsopen, type, 1);
    need(!syscall(SYS_fsconfig, context, 6, NULL, NULL, 0), type);
    int mount = syscall(SYS_fsmount, context, 1, attributes);
    need(mount >= 0, type);
    close(context);
    return mount;
}

static const char *const DIRECTORIES[] = {"tmp", "shm", "box"};

static int new_scratch(void) {
    int scratch = new_mount("tmpfs", 6);
    for (int i = 0; i < 3; i++)
        need(!mkdirat(scratch, DIRECTORIES[i], 0755) && !fchownat(scratch, DIRECTORIES[i], 1900009001, 1900009001, 0), "chown");
    return scratch;
}

static void inside(int step, int scratch) {
    if (step >= SCRATCH) {
        attach(scratch, "/box");
        for (int i = 0; i < 3; i++)
            attach(syscall(SYS_open_tree, scratch, DIRECTORIES[i], 1 | O_CLOEXEC), DIRECTORIES[i]);
    }
    if (step >= PROC)
        attach(new_mount("proc", 15), "/proc");
    if (step >= PROGRAM)
        run_program();
    _exit(0);
}

static void once(int step) {
    if (step == BARE)
        return run_program();
    int gate[2], scratch = step >= SCRATCH ? new_scratch() : -1;
    need(!pipe2(gate, O_CLOEXEC), "pipe");
    struct clone_args request = {.flags = step >= NAMESPACES ? FLAGS : 0, .exit_signal = SIGCHLD};
    pid_t pid = syscall(SYS_clone3, &request, sizeof request);
    need(pid >= 0, "clone3");
    if (pid == 0) {
        char byte;
        need(read(gate[0], &byte, 1) == 1, "gate");
        if (step >= IDS)
            need(!syscall(SYS_setresgid, 0, 0, 0) && !syscall(SYS_setresuid, 0, 0, 0), "ids");
        inside(step, scratch);
    }
    if (step >= IDS) {
        write_map(pid, "uid_map");
        write_map(pid, "gid_map");
    }
    need(write(gate[1], "x", 1) == 1, "gate");
    close(gate[0]);
    close(gate[1]);
    close(scratch);
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

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

/* How often a second all CPUs together do it. */
static double per_second(int step) {
    int cpus = sysconf(_SC_NPROCESSORS_ONLN), counts[2];
    const double seconds = 2;
    need(!pipe(counts), "pipe");
    for (int cpu = 0; cpu < cpus; cpu++)
        if (!fork()) {
            cpu_set_t set;
            CPU_ZERO(&set);
            CPU_SET(cpu, &set);
            need(!sched_setaffinity(0, sizeof set, &set), "affinity");
            long done = 0;
            for (double end = now_s() + seconds; now_s() < end; done++)
                once(step);
            _exit(write(counts[1], &done, sizeof done) != sizeof done);
        }
    close(counts[1]);
    long sum = 0, done;
    while (read(counts[0], &done, sizeof done) == sizeof done)
        sum += done;
    close(counts[0]);
    while (wait(NULL) > 0)
        ;
    return sum / seconds;
}

/* Leaves the host for a mount namespace with nothing but the root of a box, once for all boxes. */
static void enter_root(void) {
    need(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount namespace");
    need(!mount("none", "/tmp", "tmpfs", 0, NULL) && !chdir("/tmp"), "root");
    static const char *const names[] = {"usr", "proc", "box", "tmp", "shm"};
    for (int i = 0; i < 5; i++)
        need(!mkdir(names[i], 0755), names[i]);
    need(!symlink("usr/bin", "bin") && !symlink("usr/lib", "lib") && !symlink("usr/lib64", "lib64"), "links");
    need(!mount("/usr", "usr", NULL, MS_BIND, NULL) && !mount("/proc", "proc", NULL, MS_BIND, NULL), "binds");
    need(!syscall(SYS_pivot_root, ".", ".") && !umount2(".", MNT_DETACH) && !chdir("/"), "pivot");
}

int main(int count, char **arguments) {
    int runs = count > 1 ? atoi(arguments[1]) : 1000;
    enter_root();
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
    double bare = per_second(BARE);
    printf("%7.0f /s  bare; of that:\n", bare);
    for (int step = NAMESPACES; step < STEP_COUNT; step++)
        printf("%7.2f     %s\n", per_second(step) / bare, STEPS[step]);
    return 0;
}
