// id: CMP-03b
// about: includes itself without end
// expect: CE
// tier: slow
#include __FILE__
#include __FILE__
int main(void) { return 0; }
