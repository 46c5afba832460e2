# id: FS-13
# about: makes and opens devices
# expect: CONTAINED
# tier: quick
# include: probe.py
import os, stat
from probe import *
for major, minor in ((1, 1), (1, 3), (1, 11), (8, 0), (10, 200), (10, 229), (254, 0), (5, 0), (5, 2)):
    for kind in (stat.S_IFCHR, stat.S_IFBLK):
        for directory in ("/box", "/tmp", "/dev/shm", "/dev"):
            path = f"{directory}/device-{kind}-{major}-{minor}"
            attempt(path, lambda: os.mknod(path, 0o666 | kind, os.makedev(major, minor)))
for name in ("mem", "kmsg", "sda", "vda", "fuse", "kvm", "uinput", "loop-control", "loop0", "net/tun", "dri", "vhost-net", "tty",
             "ptmx", "console", "hpet", "rtc0", "mapper/control", "cuse", "userfaultfd", "nvme0", "input", "mqueue"):
    attempt(name, lambda: os.open("/dev/" + name, os.O_RDONLY))
finish()
