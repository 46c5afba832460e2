// id: MEM-19
// about: a small program has a small figure, however large the judge is
// expect: AC
// check: memory_mib <= 5
#include <stdio.h>
int main(void) { puts("ok"); }
