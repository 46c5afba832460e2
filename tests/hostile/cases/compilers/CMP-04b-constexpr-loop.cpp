// id: CMP-04b
// about: computes at compile time without end
// expect: CE
constexpr long f() { long n = 0; for (;;) n++; return n; }
constexpr long x = f();
int main() { return x; }
