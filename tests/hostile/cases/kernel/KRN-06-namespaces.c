// id: KRN-06
// about: makes and enters namespaces of every kind; threads still work
// expect: CONTAINED
// tier: quick
// include: probe.h
// denied: unshare setns clone
// api: yes
#include "probe.h"
static void *nothing(void *x) { return x; }
int main(void) {
    long kinds[] = {0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000};
    const char *names[] = {"time", "mnt", "cgroup", "uts", "ipc", "user", "pid", "net"};
    for (int i = 0; i < 8; i++) {
        refused("unshare", syscall(SYS_unshare, kinds[i]));
        refused("unshare with user", syscall(SYS_unshare, kinds[i] | 0x10000000));
        long child = syscall(SYS_clone, kinds[i] | SIGCHLD, 0, 0, 0, 0);
        if (child == 0) _exit(0);
        refused("clone", child);
        struct { uint64_t flags, more[10]; } request = {kinds[i], {0}};
        request.more[3] = SIGCHLD;
        child = syscall(SYS_clone3, &request, sizeof request);
        if (child == 0) _exit(0);
        if (child != -1 || errno != ENOSYS) found("clone3", child);
        char path[64];
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        int fd = open(path, O_RDONLY);
        refused("setns", syscall(SYS_setns, fd < 0 ? 0 : fd, kinds[i]));
    }
    pthread_t t;
    expect("a thread", pthread_create(&t, NULL, nothing, NULL), 0);
    return finish();
}
