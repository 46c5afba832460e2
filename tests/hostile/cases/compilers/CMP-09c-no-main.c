// id: CMP-09c
// about: has no main
// expect: CE
int f(void) { return 0; }
