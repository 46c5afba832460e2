# id: CMP-03a
# about: macros that double thirty times
# generates: c
# expect: CE
# tier: slow
print("#define A0 1+")
for i in range(1, 31):
    print(f"#define A{i} A{i-1} A{i-1}")
print("int main(void) { return A30 0; }")
