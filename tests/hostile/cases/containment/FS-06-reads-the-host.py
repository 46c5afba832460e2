# id: FS-06
# about: reads the host: secrets, keys, configuration, sockets, other boxes, by many paths
# expect: CONTAINED
# tier: quick
# include: probe.py
# stdin: targets
# api: yes
import glob, os
from probe import *
where = targets()
tree = where["tree"]
paths = [tree + "/secret", tree + "/answer", "/etc/shadow", "/etc/gshadow", "/etc/hostname", "/etc/machine-id",
         "/root/.ssh/id_rsa", "/root/.profile", "/root/.bashrc", "/home", "/run/docker.sock", "/var/run/docker.sock",
         "/run/gavel", "/var/lib/gavel", "/var/lib/postgresql", "/var/log", "/sys/class/net", "/sys/fs/cgroup",
         "/etc/gavel", "/etc/gavel.toml", "/proc/1/environ", f"/proc/{where['pid']}/environ", "/.dockerenv", "/work",
         "/etc/resolv.conf", "/etc/fstab", "/etc/sudoers", "/var/tmp", "/mnt", "/opt", "/srv", "/boot", "/lost+found"]
for prefix in ("", "/proc/1/root", "/proc/self/root", "/proc/self/cwd/../../..", "/box/../../..", "/dev/fd/../.."):
    for path in paths:
        full = prefix + path
        attempt(full, lambda: os.listdir(full) if os.path.isdir(full) else open(full, "rb").read(100))
for name in glob.glob("/proc/[0-9]*"):
    if name != f"/proc/{os.getpid()}":
        found(name)
finish()
