// id: CMP-04a
// about: templates that need each other without end
// expect: CE
// api: yes
template <int A, int B> struct G { static constexpr long value = G<A - 1, B>::value + G<A, B - 1>::value; };
int main() { return G<100000, 100000>::value; }
