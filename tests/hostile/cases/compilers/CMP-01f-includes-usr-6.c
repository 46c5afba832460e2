// id: CMP-01f
// about: includes /usr
// expect: CE
#include "/usr"
int main(void) { return 0; }
