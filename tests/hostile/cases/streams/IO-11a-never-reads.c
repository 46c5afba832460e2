// id: IO-11a
// about: never reads its 20 MB of input
// expect: AC
// stdin: zeros 20000000
#include <stdio.h>
int main(void) { puts("ok"); }
