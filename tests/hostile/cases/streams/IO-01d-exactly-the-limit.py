# id: IO-01d
# about: writes exactly as many bytes as it may
# expect: AC
# tier: quick
# output_kib: 64
# check: output_bytes >= 65536
# check: output_bytes <= 65536
import os
os.write(1, b"ok" + b"\n" * (65536 - 2))
