// id: CMP-01b
// about: includes /dev/random
// expect: CE
// tier: slow
#include "/dev/random"
int main(void) { return 0; }
