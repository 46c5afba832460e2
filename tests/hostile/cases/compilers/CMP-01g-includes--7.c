// id: CMP-01g
// about: includes /proc/self/fd/0
// expect: CE or WA
#include "/proc/self/fd/0"
int main(void) { return 0; }
