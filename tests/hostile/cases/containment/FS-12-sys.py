# id: FS-12
# about: looks for /sys, control groups and kernel file systems, and mounts them
# expect: CONTAINED
# tier: quick
# include: probe.py
# needs: x86_64
# denied: mount fsopen
import os
from probe import *
for path in ("/sys", "/sys/fs/cgroup", "/sys/kernel/debug", "/sys/power/state", "/sys/class", "/sys/block", "/sys/firmware"):
    attempt(path, lambda: os.listdir(path))
for kind in ("sysfs", "cgroup2", "cgroup", "debugfs", "tracefs", "proc", "tmpfs", "devpts", "mqueue", "securityfs", "overlay"):
    refused("mount", "none", "/tmp", kind, 0, 0, by="EPERM")
    refused("fsopen", kind, 0, by="EPERM")
finish()
