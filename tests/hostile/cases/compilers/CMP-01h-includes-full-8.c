// id: CMP-01h
// about: includes /dev/full
// expect: CE
#include "/dev/full"
int main(void) { return 0; }
