// id: IO-11a
// about: never reads its 20 MB of input
// expect: AC
// tier: quick
// stdin: zeros 20000000
#include <stdio.h>
int main(void) { puts("ok"); }
