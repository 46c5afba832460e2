# id: CMP-05b
# about: two thousand functions and a switch of as many cases
# generates: c
# expect: AC or CE
print("#include <stdio.h>")
for i in range(2000):
    print(f"int f{i}(int x) {{ return x + {i}; }}")
print("int g(int x) { switch (x) {")
for i in range(2000):
    print(f"case {i}: return {i * 7919 % 65537};")
print('} return 0; }\nint main(void) { puts("ok"); return g(0); }')
