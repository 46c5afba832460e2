# id: SID-02
# about: looks for anybody else: processes, shared memory, queues, semaphores, sockets, files
# expect: CONTAINED
# tier: quick
# api: yes
# include: probe.py
import glob, os
from probe import *
expect("processes", sorted(glob.glob("/proc/[0-9]*")), [f"/proc/{os.getpid()}"])
expect("files", [os.listdir(path) for path in ("/tmp", "/dev/shm")], [[], []])
for path in ("/dev/mqueue", "/proc/sysvipc", "/proc/net/unix", "/proc/self/net/unix"):
    if os.path.exists(path) and not os.path.isdir(path):
        rows = open(path).read().splitlines()[1:]
        expect(path, rows, [])
finish()
