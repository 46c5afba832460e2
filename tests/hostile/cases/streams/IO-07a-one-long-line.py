# id: IO-07a
# about: writes one line of 30 MB
# expect: WA
# memory_mib: 128
# output_kib: 40000
import os
block = b"x" * (1 << 20)
for _ in range(30):
    left = block
    while left:
        left = left[os.write(1, left):]
