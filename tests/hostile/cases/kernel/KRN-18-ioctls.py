# id: KRN-18
# about: sends every control of terminals and file systems to its streams and to toolchain files
# expect: CONTAINED
# tier: quick
# include: probe.py
import fcntl
from probe import *
import os
argument = bytearray(4096)
fds = [0, 1, 2] + [os.open(path, os.O_RDONLY) for path in ("/usr/bin/env", "/usr", "/etc/passwd", "/")]
for name, request in (("FIFREEZE", 0xC0045877), ("FITHAW", 0xC0045878), ("FITRIM", 0xC0185879), ("SETFLAGS", 0x40086602),
                      ("FICLONE", 0x40049409), ("FIDEDUPERANGE", 0xC0189436), ("FSSETXATTR", 0x401C5820), ("TIOCSTI", 0x5412),
                      ("TIOCCONS", 0x541D), ("FIBMAP", 1), ("EXT4_MIGRATE", 0x6609), ("EXT4_RESIZE", 0x40086610),
                      ("FS_ENABLE_VERITY", 0x40806685), ("SETVERSION", 0x40087602), ("VIDIOC", 0x80685600)):
    for fd in fds:
        attempt(f"{name} on {fd}", lambda: fcntl.ioctl(fd, request, argument))
for request in range(0x5400, 0x5480):
    if request not in (0x541B, 0x5450, 0x5451, 0x5452, 0x5421, 0x5460):
        for fd in (1, 2):
            attempt(f"{request:x} on {fd}", lambda: fcntl.ioctl(fd, request, argument))
finish()
