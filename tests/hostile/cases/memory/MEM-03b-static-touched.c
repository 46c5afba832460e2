// id: MEM-03b
// about: has a static array of 512 MB that it touches
// expect: MLE
// tier: quick
#include <stdio.h>
#include <string.h>
char a[512 << 20];
int main(void) { memset(a, 1, sizeof a); puts("ok"); return a[5] - 1; }
