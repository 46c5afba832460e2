# id: FS-07
# about: lists the root, /dev, /etc and every directory that it may write to
# expect: CONTAINED
# tier: quick
# include: probe.py
import os
from probe import *
def listing(path, wanted):
    names = sorted(os.listdir(path))
    expect(path, [name for name in names if name not in wanted], [])
listing("/", {"bin", "box", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "tmp", "usr"})
listing("/dev", {"fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"})
listing("/etc", {"alternatives", "group", "hosts", "ld.so.cache", "ld.so.conf", "localtime", "nsswitch.conf", "passwd", "ssl"})
listing("/tmp", set())
listing("/dev/shm", set())
listing("/box", {"main.py", "probe.py"})
for line in open("/proc/self/mounts"):
    _, point, kind, options, *_ = line.split()
    options = options.split(",")
    if "nosuid" not in options:
        found("suid: " + line)
    if kind != "devtmpfs" and "nodev" not in options:
        found("devices: " + line)
    if point not in ("/box", "/tmp", "/dev/shm") and "ro" not in options:
        found("writable: " + line)
finish()
