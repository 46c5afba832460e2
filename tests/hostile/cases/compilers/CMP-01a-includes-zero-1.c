// id: CMP-01a
// about: includes /dev/zero
// expect: CE
#include "/dev/zero"
int main(void) { return 0; }
