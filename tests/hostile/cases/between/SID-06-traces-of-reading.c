// id: SID-06
// about: looks for what others read, and leaves traces of its own: times of files, residence in memory, of toolchains and devices
// expect: CONTAINED
// tier: quick
// include: probe.h
#include "probe.h"
static const char *shared[] = {"/usr/bin/env", "/usr/bin", "/", "/etc/passwd", "/etc/ld.so.cache", "/usr/lib",
                               "/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random", "/dev"};
static void times_stay(const char *path) {
    struct stat before, after;
    char block[4096];
    if (stat(path, &before)) return;
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && S_ISREG(before.st_mode)) {
        for (int i = 0; i < 3; i++) if (pread(fd, block, sizeof block, 0) < 0) found("read", i);
    }
    refused("times of a descriptor", futimens(fd, NULL));
    refused("times", utimensat(AT_FDCWD, path, NULL, 0));
    struct timespec then[2] = {{978307200, 0}, {978307200, 0}};
    refused("other times", utimensat(AT_FDCWD, path, then, 0));
    refused("mode", chmod(path, 0666));
    stat(path, &after);
    expect(path, memcmp(&before.st_atim, &after.st_atim, sizeof before.st_atim) ||
           memcmp(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim) ||
           memcmp(&before.st_ctim, &after.st_ctim, sizeof before.st_ctim), 0);
}
/* The kernel takes every page of somebody else's file for resident. */
static void residence_is_not_told(const char *path) {
    static unsigned char pages[4096];
    int fd = open(path, O_RDONLY);
    struct stat about;
    if (fd < 0 || fstat(fd, &about)) return;
    size_t count = (size_t)about.st_size / 4096;
    if (count > sizeof pages) count = sizeof pages;
    void *m = mmap(NULL, count * 4096, PROT_READ, MAP_SHARED, fd, 0);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (m == MAP_FAILED || mincore(m, count * 4096, pages)) return;
    for (size_t i = 0; i < count; i++) if (!(pages[i] & 1)) { found("a page that is not resident", (long)i); return; }
}
int main(void) {
    for (unsigned i = 0; i < sizeof shared / sizeof *shared; i++) times_stay(shared[i]);
    residence_is_not_told("/usr/bin/gdb");
    residence_is_not_told("/usr/bin/perl");
    residence_is_not_told("/usr/lib/x86_64-linux-gnu/libc.so.6");
    struct { uint64_t at, length; } range = {0, 4096};
    uint64_t counts[5];
    long told = syscall(451, 0, &range, counts, 0);
    if (told != -1 || errno != ENOSYS) found("cachestat", told);
    return finish();
}
