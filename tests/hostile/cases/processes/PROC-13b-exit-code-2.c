// id: PROC-13b
// about: prints the right answer and ends by exit(255)
// expect: RTE exit 255
// tier: quick
// reason: exit code 255
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void) { puts("ok"); fflush(stdout); exit(255); }
