# id: SID-04
# about: reads how much space is free, which is the same in every fresh box, and uses some
# expect: CONTAINED
# tier: quick
# tests: 3
# include: probe.py
import os
from probe import *
for path in ("/box", "/tmp", "/dev/shm"):
    about = os.statvfs(path)
    expect(path + " size", about.f_blocks * about.f_frsize, 256 << 20)
    expect(path + " inodes", about.f_files, 16384)
    if about.f_blocks - about.f_bfree > 64:
        found(f"{path}: {about.f_blocks - about.f_bfree} blocks are in use")
with open("/tmp/fill", "wb") as file:
    file.write(b"x" * (16 << 20))
finish()
