# id: CMP-06b
# about: an error at the end of a line of a megabyte, which compilers like to quote
# generates: c
# expect: CE
print("int main(void) { return 0" + " + 1" * 250_000 + " + unknown; }")
