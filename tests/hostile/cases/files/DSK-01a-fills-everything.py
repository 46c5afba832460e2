# id: DSK-01a
# about: fills every directory that it may write to
# expect: CONTAINED or MLE
# tier: quick
# memory_mib: 512
# cpu_ms: 5000
# include: probe.py
# check: memory_mib <= 300
import os
from probe import *
written = 0
block = b"x" * (1 << 20)
for directory in (".", "/tmp", "/dev/shm", "/var/tmp", "/run", "/home", "/root", "/", "/etc", "/usr", "/dev"):
    try:
        with open(directory + "/fill", "wb", buffering=0) as file:
            while True:
                written += file.write(block)
    except OSError:
        pass
if written > 257 << 20:
    found(f"{written} bytes")
finish()
