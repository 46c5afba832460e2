// id: KRN-12
// about: a second thread changes the path while the first opens it: no filter relies on it
// expect: CONTAINED
// api: yes
// cpu_ms: 2000
// include: probe.h
#include "probe.h"
static char path[64] = "/box/main";
static volatile int stop;
static void *swap(void *x) {
    while (!stop) { memcpy(path, "/etc/shadow", 12); memcpy(path, "/box/main\0\0", 12); }
    return x;
}
int main(void) {
    pthread_t t;
    pthread_create(&t, NULL, swap, NULL);
    for (int i = 0; i < 100000; i++) {
        int fd = open(path, O_RDONLY);
        struct stat about;
        if (fd >= 0 && !fstat(fd, &about) && about.st_uid != 1000) found("another file", about.st_uid);
        if (fd >= 0) close(fd);
    }
    stop = 1;
    return finish();
}
