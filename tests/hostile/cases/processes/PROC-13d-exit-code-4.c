// id: PROC-13d
// about: prints the right answer and ends by _exit(125)
// expect: RTE exit 125
// reason: exit code 125
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void) { puts("ok"); fflush(stdout); _exit(125); }
