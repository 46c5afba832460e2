// id: PROC-13e
// about: prints the right answer and ends by return_137
// expect: RTE exit 137
// tier: quick
// reason: exit code 137
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void) { puts("ok"); fflush(stdout); return 137; }
