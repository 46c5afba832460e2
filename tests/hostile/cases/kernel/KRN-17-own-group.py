# id: KRN-17
# about: looks for its control group, to leave it or to raise its limits
# expect: CONTAINED
# tier: quick
# include: probe.py
from probe import *
for line in open("/proc/self/cgroup"):
    path = line.rstrip("\n").split(":", 2)[2]
    expect("path", path, "/")
for root in ("/sys/fs/cgroup", "/proc/1/root/sys/fs/cgroup", "/cgroup", "/dev/cgroup"):
    attempt(root, lambda: os.listdir(root))
finish()
