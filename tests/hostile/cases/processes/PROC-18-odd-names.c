// id: PROC-18
// about: renames itself so that tables of processes are misread, and executes without a name
// expect: AC
// include: probe.h
#include "probe.h"
int main(int argc, char **argv) {
    if (argc > 0 && argv[0][0]) {
        memset(argv[0], ')', strlen(argv[0]));
        if (!fork()) { prctl(PR_SET_NAME, ") R 1 1\n", 0, 0, 0); for (;;) pause(); }
        char *none[] = {"", NULL};
        execv("./main", none);
        return 1;
    }
    prctl(PR_SET_NAME, ")\n", 0, 0, 0);
    puts("ok");
}
