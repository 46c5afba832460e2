// id: CMP-01d
// about: includes /dev/tty
// expect: CE
#include "/dev/tty"
int main(void) { return 0; }
