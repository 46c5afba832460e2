# id: CMP-13a
# about: text that runs backwards, letters that look alike, no-width spaces and odd ends of lines
# generates: c
# expect: AC or CE
print('#include <stdio.h>\r\n/* \u202e } \u2066 */\fint ma\\\nin(void) { int \u0430 = 0; puts("ok"); return \u0430; }\r')
