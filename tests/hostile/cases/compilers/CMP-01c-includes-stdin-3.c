// id: CMP-01c
// about: includes /dev/stdin
// expect: CE or WA
#include "/dev/stdin"
int main(void) { return 0; }
