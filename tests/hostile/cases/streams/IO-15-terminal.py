# id: IO-15
# about: looks for a terminal, takes one, and types into it
# expect: CONTAINED
# tier: quick
# include: probe.py
# needs: x86_64
import fcntl, os, termios
from probe import *
for path in ("/dev/tty", "/dev/console", "/dev/tty0", "/dev/pts/0", "/dev/ptmx", "/proc/1/fd/0"):
    attempt(path, lambda: os.open(path, os.O_RDWR))
for fd in (0, 1, 2):
    attempt("attributes", lambda: termios.tcgetattr(fd))
    for name, request, value in (("TIOCSTI", 0x5412, b"x"), ("TIOCSCTTY", 0x540E, 0), ("TIOCLINUX", 0x541C, b"\x02"),
                                 ("TIOCNOTTY", 0x5422, 0), ("TIOCSPGRP", 0x5410, b"\1\0\0\0")):
        attempt(name, lambda: fcntl.ioctl(fd, request, value))
expect("session", os.getsid(0), os.getpid())
expect("terminal", os.open("/proc/self/stat", os.O_RDONLY) >= 0 and
       open("/proc/self/stat").read().rsplit(")", 1)[1].split()[4], "0")
finish()
