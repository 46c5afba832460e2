# id: FS-08
# about: looks for inherited descriptors and for a way above the root
# expect: CONTAINED
# tier: quick
# api: yes
# include: probe.py
# reference: CVE-2024-21626, CVE-2019-5736
import os
from probe import *
# The listing itself is the fourth.
expect("descriptors", sorted(int(n) for n in os.listdir("/proc/self/fd")), [0, 1, 2, 3])
expect("cwd", os.getcwd(), "/box")
for fd in (0, 1, 2):
    attempt(f"fchdir {fd}", lambda: os.fchdir(fd))
for fd in range(4, 300):
    attempt(f"cwd through {fd}", lambda: os.chdir(f"/proc/self/fd/{fd}/../../.."))
root = os.stat("/")
os.chdir("/" + "../" * 100)
expect("above the root", (os.stat(".").st_dev, os.stat(".").st_ino), (root.st_dev, root.st_ino))
expect("root", os.readlink("/proc/self/root"), "/")
attempt("the exe of init", lambda: os.readlink("/proc/1/exe"))
attempt("own exe", lambda: open("/proc/self/exe", "r+b"))
finish()
