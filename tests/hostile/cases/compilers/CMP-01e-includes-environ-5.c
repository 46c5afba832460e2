// id: CMP-01e
// about: includes /proc/self/environ
// expect: CE or WA
#include "/proc/self/environ"
int main(void) { return 0; }
