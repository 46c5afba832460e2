# id: CMP-05d
# about: a hundred thousand functions that call each other
# generates: c
# expect: AC or CE
# tier: slow
print("#include <stdio.h>\nstatic int f0(void) { return 1; }")
for i in range(1, 100_000):
    print(f"int f{i}(void) {{ return f{i - 1}() + {i}; }}")
print('int main(void) { puts("ok"); }')
