# id: CMP-15a
# about: nests blocks so deeply that the compiler runs out of stack
# generates: c
# expect: CE or AC
print("#include <stdio.h>\nint main(void) { int x = 0; x = " + "-(" * 200000 + "x" + ")" * 200000 + '; puts("ok"); return x; }')
