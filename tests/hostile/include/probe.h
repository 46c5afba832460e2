/* Tries what must not work. What does work is printed; CONTAINED alone says that nothing did. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int found_count;

static inline void found(const char *what, long value) {
    printf("%s: %ld, errno %d\n", what, value, errno);
    found_count++;
}

/* A result that must be an error. */
static inline void refused(const char *what, long result) {
    if (result >= 0) found(what, result);
}

static inline void expect(const char *what, long value, long wanted) {
    if (value != wanted) found(what, value);
}

static inline int finish(void) {
    if (!found_count) puts("CONTAINED");
    return 0;
}

/* CPU time of this thread in milliseconds: also what the making of its box took, which is not billed. */
static inline long burnt(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Keeps the CPU busy until this thread has used so much of it, so that at most as much is billed. */
static inline void burn_until(long ms) {
    do {
        for (volatile int i = 0; i < 2000; i++);
    } while (burnt() < ms);
}

/* Keeps the CPU busy for more than so many milliseconds, so that at least as much is billed. */
static inline void burn(long ms) {
    burn_until(burnt() + ms + 1);
}
