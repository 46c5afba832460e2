// id: PROC-13i
// about: the main thread ends, another one prints the answer and ends the program from a signal handler
// expect: RTE exit 5
// tier: quick
// include: probe.h
#include "probe.h"
static void end(int s) { (void)s; _exit(5); }
static void *late(void *x) { usleep(50000); signal(SIGUSR1, end); raise(SIGUSR1); return x; }
int main(void) { pthread_t t; pthread_create(&t, NULL, late, NULL); pthread_exit(NULL); }
