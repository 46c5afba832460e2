# id: IO-06b
# about: a NUL, broken text and a byte order mark around the right answer, which is compared exactly
# expect: WA
# checker: {"kind": "exact"}
# api: yes
import os
os.write(1, b"\xef\xbb\xbfok\0\xff\n")
