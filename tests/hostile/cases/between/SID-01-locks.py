# id: SID-01
# about: takes locks and leases of files that all boxes share, and watches them: another box could see it, or be seen
# expect: CONTAINED
# tier: quick
# include: probe.py
# denied: inotify_add_watch
# reference: isolate 2.4
import fcntl, os, struct
from probe import *
for path in ("/usr/bin/env", "/usr/bin/python3", "/etc/passwd", "/usr", "/dev/null"):
    fd = os.open(path, os.O_RDONLY)
    for kind in (fcntl.LOCK_SH, fcntl.LOCK_EX):
        attempt("flock " + path, lambda: fcntl.flock(fd, kind | fcntl.LOCK_NB))
    attempt("lockf " + path, lambda: fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB))
    lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)
    for command in (fcntl.F_GETLK, fcntl.F_SETLK, 36, 37, 1024, 1025, 1026):
        attempt(f"fcntl {command} {path}", lambda: fcntl.fcntl(fd, command, lock))
import ctypes
libc = ctypes.CDLL(None)
watching = libc.inotify_init()
for path in (b"/usr/bin/env", b"/usr/bin", b"/usr/lib/x86_64-linux-gnu/libc.so.6", b"/dev/null", b"/etc/passwd", b"/box", b"/"):
    refused_watch = libc.inotify_add_watch(watching, path, 0xfff)
    if refused_watch >= 0:
        found(f"watch of {path}")
finish()
