# id: CMP-03c
# about: warns a thousand times: the program is good, and what the compiler says is cut
# generates: c
# expect: AC
print('#include <stdio.h>')
print('#warning hostile\n' * 1000, end="")
print('int main(void) { puts("ok"); }')
