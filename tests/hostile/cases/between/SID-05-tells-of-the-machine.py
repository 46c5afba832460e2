# id: SID-05
# about: reads the figures of the whole machine, by which boxes could talk
# expect: CONTAINED
# tier: quick
# include: probe.py
import os
from probe import *
for name in ("loadavg", "stat", "meminfo", "vmstat", "diskstats", "interrupts", "softirqs", "uptime", "locks", "net/dev",
             "sys/fs/file-nr", "sys/kernel/random/entropy_avail", "sys/kernel/random/boot_id", "pressure/cpu", "schedstat", "zoneinfo", "buddyinfo"):
    attempt(name, lambda: open("/proc/" + name).read())
finish()
