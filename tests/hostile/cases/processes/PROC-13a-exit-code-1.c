// id: PROC-13a
// about: prints the right answer and ends by exit(3)
// expect: RTE exit 3
// reason: exit code 3
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void) { puts("ok"); fflush(stdout); exit(3); }
