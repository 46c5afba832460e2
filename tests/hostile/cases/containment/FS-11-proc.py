# id: FS-11
# about: reads and writes what /proc tells about the machine, and its own switches
# expect: CONTAINED
# tier: quick
# api: yes
# include: probe.py
import os
from probe import *
for name in ("kcore", "kallsyms", "kmsg", "keys", "key-users", "timer_list", "sched_debug", "interrupts", "sysrq-trigger",
             "version", "cmdline", "meminfo", "loadavg", "stat", "uptime", "diskstats", "locks", "modules", "net/tcp",
             "sysvipc/shm", "mounts/../kcore", "slabinfo", "vmallocinfo", "iomem", "ioports", "config.gz", "bus", "fs", "irq", "tty", "acpi", "scsi"):
    attempt(name, lambda: open("/proc/" + name, "rb").read(10) if not os.path.isdir("/proc/" + name) else os.listdir("/proc/" + name))
for name in ("kernel/core_pattern", "kernel/hostname", "vm/drop_caches", "kernel/randomize_va_space", "kernel/modprobe",
             "kernel/unprivileged_userns_clone", "user/max_user_namespaces", "fs/suid_dumpable", "net/ipv4/ip_forward"):
    attempt(name, lambda: open("/proc/sys/" + name, "w").write("1"))
for name, value in (("oom_score_adj", "-500"), ("setgroups", "allow"), ("uid_map", "0 0 1"), ("gid_map", "0 0 1"),
                    ("coredump_filter", "0x7f"), ("attr/current", "x"), ("loginuid", "0"), ("timerslack_ns", "1"),
                    ("clear_refs", "1"), ("sched", "0"), ("autogroup", "0"), ("comm", "x")):
    attempt("own " + name, lambda: open("/proc/self/" + name, "w").write(value))
for name in ("root", "cwd", "exe", "ns/mnt", "ns/pid", "ns/user", "fd", "maps", "mem", "environ", "task"):
    attempt("init's " + name, lambda: os.listdir("/proc/1/" + name) or os.open("/proc/1/" + name, os.O_RDONLY))
    attempt("link to init's " + name, lambda: os.readlink("/proc/1/" + name))
finish()
