// id: CMP-04c
// about: expands an enormous sequence of types
// expect: CE
#include <utility>
template <std::size_t... I> constexpr std::size_t sum(std::index_sequence<I...>) { return (0 + ... + (I * sizeof(char[I + 1]))); }
int main() { return sum(std::make_index_sequence<200000000>{}); }
