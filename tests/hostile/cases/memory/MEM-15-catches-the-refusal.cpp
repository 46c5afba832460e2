// id: MEM-15
// about: asks for more than there are addresses, catches the refusal and prints the right answer
// expect: AC
#include <cstdio>
#include <new>
int main() {
    try { volatile char *p = new char[1ul << 60]; *p = 1; } catch (const std::bad_alloc &) { std::puts("ok"); }
}
