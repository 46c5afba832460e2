// id: PROC-13f
// about: ends by exit(256), whose low byte is zero
// expect: AC
// tier: quick
#include <stdio.h>
#include <stdlib.h>
int main(void) { puts("ok"); exit(256); }
