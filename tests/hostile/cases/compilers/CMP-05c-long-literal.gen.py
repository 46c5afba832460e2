# id: CMP-05c
# about: a string of 10 MB
# generates: c
# expect: AC
# memory_mib: 64
print('#include <stdio.h>\nconst char *s = "' + "x" * 10_000_000 + '";\nint main(void) { puts(s[5] == 120 ? "ok" : "no"); }')
