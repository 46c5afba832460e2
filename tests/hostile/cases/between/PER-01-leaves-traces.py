# id: PER-01
# about: leaves traces in every place there is: the next test case finds none
# expect: CONTAINED
# tier: quick
# api: yes
# tests: 4
# include: probe.py
# needs: x86_64
import os, resource, socket, subprocess, sys
from probe import *
for directory in ("/tmp", "/dev/shm", "/box", "/var/tmp"):
    if os.path.isdir(directory):
        expect(directory, [name for name in os.listdir(directory) if "trace" in name], [])
        os.makedirs(directory + "/trace/deep", exist_ok=True)
        open(directory + "/trace.txt", "w").write("here")
expect("shared memory", call("shmget", 4242, 4096, 0o600), "ENOENT")
call("shmget", 4242, 4096, 0o1666)
if call(68, 4242, 0o600) != "ENOENT":
    found("messages")
call(68, 4242, 0o1666)
if call(64, 4242, 1, 0o600) != "ENOENT":
    found("semaphores")
call(64, 4242, 1, 0o1666)
refused("mq_open", b"trace", 0x40 | 2, 0o600, 0)
other = socket.socket(socket.AF_UNIX)
attempt("a daemon", lambda: other.connect("\0trace"))
mine = socket.socket(socket.AF_UNIX)
mine.bind("\0trace")
mine.listen()
expect("host name", os.uname().nodename, "box")
expect("umask", os.umask(0o077), 0o022)
expect("nice", os.nice(5), 5)
expect("core", resource.getrlimit(resource.RLIMIT_CORE), (0, 0))
resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))
if os.fork() == 0:
    os.setsid()
    os.close(1)
    import time
    time.sleep(60)
finish()
