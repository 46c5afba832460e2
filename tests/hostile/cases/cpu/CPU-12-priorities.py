# id: CPU-12
# about: asks for real time, deadlines, a better nice value and every CPU
# expect: CONTAINED
# tier: quick
# include: probe.py
# needs: x86_64
import os, struct
from probe import *
for policy in (os.SCHED_FIFO, os.SCHED_RR):
    attempt("real time", lambda: os.sched_setscheduler(0, policy, os.sched_param(1)))
attempt("nice", lambda: os.setpriority(os.PRIO_PROCESS, 0, -20))
refused("ioprio_set", 1, 0, 1 << 13 | 0, by="EPERM EINVAL")
deadline = struct.pack("IIQiIQQQ", 48, 6, 0, 0, 0, 10**7, 10**7, 10**7)
refused("sched_setattr", 0, deadline, 0)
clamped = struct.pack("IIQiIQQQII", 56, 0, 0x60, 0, 0, 0, 0, 0, 1024, 1024)
refused("sched_setattr", 0, clamped, 0)
attempt("autogroup", lambda: open("/proc/self/autogroup", "w").write("-20"))
before = os.sched_getaffinity(0)
expect("CPUs", len(before), 1)
try:
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
except OSError:
    pass
expect("affinity", os.sched_getaffinity(0), before)
finish()
