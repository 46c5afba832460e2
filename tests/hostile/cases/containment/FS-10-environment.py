# id: FS-10
# about: looks for what the environment, also of other processes, tells
# expect: CONTAINED
# tier: quick
# api: yes
# include: probe.py
# reference: Judge0 issue 564
import os
from probe import *
expect("variables", sorted(set(os.environ) - {"LC_CTYPE"}), ["LANG", "PATH"])
own = open("/proc/self/environ", "rb").read()
expect("own environ", sorted(entry.split(b"=")[0] for entry in own.split(b"\0") if entry), [b"LANG", b"PATH"])
for pid in range(1, 400):
    if pid != os.getpid():
        for name in ("environ", "cmdline", "maps", "auxv", "status", "stat"):
            attempt(f"{name} of {pid}", lambda: open(f"/proc/{pid}/{name}", "rb").read())
finish()
