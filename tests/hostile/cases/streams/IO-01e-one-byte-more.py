# id: IO-01e
# about: writes one byte more than it may
# expect: OLE
# tier: quick
# output_kib: 64
import os
os.write(1, b"ok" + b"\n" * (65536 - 1))
