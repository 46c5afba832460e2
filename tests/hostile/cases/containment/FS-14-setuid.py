# id: FS-14
# about: looks for, makes and executes programs with more rights than it has
# expect: CONTAINED
# cpu_ms: 3000
# include: probe.py
import os, shutil, subprocess
from probe import *
for name in ("/usr/bin/su", "/usr/bin/sudo", "/usr/bin/passwd", "/usr/bin/mount", "/usr/bin/newuidmap", "/usr/bin/chsh", "/usr/bin/pkexec", "/usr/bin/ping"):
    if os.path.exists(name) and os.stat(name).st_mode & 0o4000:
        shown = subprocess.run([name, "--help"], capture_output=True)
        if b"uid=0" in shown.stdout:
            found(name)
shutil.copy("/usr/bin/id", "/box/id")
for mode in (0o4755, 0o6755, 0o2755):
    try:
        os.chmod("/box/id", mode)
    except OSError:
        continue
    shown = subprocess.run(["/box/id", "-u", "-r"], capture_output=True).stdout
    expect("real user", shown, b"1000\n")
    expect("user", subprocess.run(["/box/id", "-u"], capture_output=True).stdout, b"1000\n")
attempt("capabilities of a file", lambda: os.setxattr("/box/id", "security.capability", b"\1\0\0\2\xff\xff\xff\xff" + bytes(12)))
status = open("/proc/self/status").read()
for line in ("NoNewPrivs:\t1", "CapPrm:\t" + "0" * 16, "CapBnd:\t" + "0" * 16, "CapAmb:\t" + "0" * 16):
    if line not in status:
        found(line)
finish()
