# id: FS-17
# about: looks for supplementary groups, and takes some
# expect: CONTAINED
# include: probe.py
import os
from probe import *
expect("groups", os.getgroups(), [])
expect("users", (os.getresuid(), os.getresgid()), ((1000,) * 3, (1000,) * 3))
for change in (lambda: os.setgroups([0]), lambda: os.setgid(0), lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0),
               lambda: os.setegid(0), lambda: os.setreuid(0, 0), lambda: os.initgroups("root", 0)):
    attempt("change", change)
finish()
