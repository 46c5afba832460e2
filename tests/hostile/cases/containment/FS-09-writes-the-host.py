# id: FS-09
# about: writes toolchains, libraries, the loader's settings, other processes
# expect: CONTAINED
# tier: quick
# api: yes
# include: probe.py
# stdin: targets
# reference: CVE-2019-5736, CVE-2022-0847
import os
from probe import *
where = targets()
paths = ["/usr/bin/python3", "/usr/bin/bash", "/usr/bin/gcc", "/usr/lib/x86_64-linux-gnu/libc.so.6", "/etc/passwd",
         "/etc/hosts", "/etc/ld.so.cache", "/etc/ld.so.preload", "/proc/1/exe", "/proc/1/mem", "/proc/self/exe",
         f"/proc/{os.getppid()}/mem", f"/proc/{where['pid']}/mem", where["tree"] + "/secret", "/bin/sh", "/usr/include/stdio.h"]
for path in paths:
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC, os.O_WRONLY | os.O_CREAT | os.O_APPEND):
        attempt(path, lambda: os.open(path, flags))
    for name, change in (("chmod", lambda: os.chmod(path, 0o777)), ("chown", lambda: os.chown(path, 1000, 1000)),
                         ("utime", lambda: os.utime(path)), ("truncate", lambda: os.truncate(path, 0)),
                         ("unlink", lambda: os.unlink(path)), ("rename", lambda: os.rename(path, "/box/x")),
                         ("rename over", lambda: os.rename("/box/probe.py", path)),
                         ("setxattr", lambda: os.setxattr(path, "user.x", b"y"))):
        attempt(f"{name} {path}", change)
for directory in ("/", "/etc", "/usr", "/usr/bin", "/usr/local/bin", "/dev", "/proc", "/proc/self", "/proc/sys", "/bin", "/lib"):
    attempt("create in " + directory, lambda: os.open(directory + "/x", os.O_WRONLY | os.O_CREAT))
    attempt("mkdir in " + directory, lambda: os.mkdir(directory + "/y"))
    attempt("unnamed in " + directory, lambda: os.open(directory, os.O_TMPFILE | os.O_RDWR))
finish()
