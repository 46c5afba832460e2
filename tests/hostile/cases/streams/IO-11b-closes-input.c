// id: IO-11b
// about: reads a little of its input and closes it
// expect: AC
// tier: quick
// stdin: zeros 20000000
#include <stdio.h>
#include <unistd.h>
int main(void) { char c; if (read(0, &c, 1) != 1) return 1; close(0); puts("ok"); }
