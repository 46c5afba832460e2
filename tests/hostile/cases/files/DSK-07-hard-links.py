# id: DSK-07
# about: makes hard links to files that are not its own, and many to its own
# expect: CONTAINED
# cpu_ms: 3000
# include: probe.py
import os
from probe import *
for path in ("/usr/bin/env", "/usr/bin/python3", "/etc/passwd", "/proc/self/exe", "/dev/null", "/proc/self/fd/0"):
    attempt(path, lambda: os.link(path, "/box/" + path.replace("/", "_")))
    attempt(path + " followed", lambda: os.link(path, "/box/f" + path.replace("/", "_"), follow_symlinks=True))
open("/tmp/own", "w").close()
made = 0
try:
    while made < 100000:
        os.link("/tmp/own", f"/tmp/l{made}")
        made += 1
except OSError:
    pass
if made > 20000:
    found(f"{made} links")
finish()
