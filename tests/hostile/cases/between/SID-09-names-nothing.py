# id: SID-09
# about: looks for numbers and names that tell its slot or its machine
# expect: CONTAINED
# include: probe.py
import os
from probe import *
expect("host", os.uname().nodename, "box")
for line in open("/proc/self/cgroup"):
    expect("group", line.rstrip("\n").split(":", 2)[2], "/")
for path in ("/etc/machine-id", "/proc/sys/kernel/random/boot_id", "/var/lib/dbus/machine-id", "/etc/hostname"):
    attempt(path, lambda: open(path).read())
for line in open("/proc/self/mountinfo"):
    for word in ("slot", "gavel", "lane", "/run/", "/work/", "/root/"):
        if word in line:
            found(line)
finish()
