// id: MEM-03a
// about: has a static array of 512 MB that it does not touch
// expect: AC
#include <stdio.h>
char a[512 << 20];
int main(void) { puts("ok"); return a[5]; }
