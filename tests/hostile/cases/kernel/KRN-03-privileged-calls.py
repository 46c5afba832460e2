# id: KRN-03
# about: loads code into the kernel, and everything else that is for an administrator
# expect: CONTAINED
# tier: quick
# include: probe.py
# needs: x86_64
# denied: bpf perf_event_open userfaultfd init_module reboot iopl
from probe import *
zeros = ctypes.create_string_buffer(256)
for command in range(40):
    refused("bpf", command, zeros, 128, by="EPERM")
refused("perf_event_open", zeros, 0, -1, -1, 0, by="EPERM")
refused("userfaultfd", 0, by="EPERM")
refused("userfaultfd", 1, by="EPERM")
refused("fanotify_init", 0, 0, by="EPERM")
refused("fanotify_mark", 0, 0, 0, 0, 0, by="EPERM")
refused("kexec_load", 0, 0, 0, 0, by="EPERM")
refused("kexec_file_load", 0, 0, 0, 0, 0, by="EPERM")
refused("init_module", zeros, 10, "", by="EPERM")
refused("finit_module", 0, "", 0, by="EPERM")
refused("delete_module", "ext4", 0, by="EPERM")
refused("reboot", 0xFEE1DEAD, 672274793, 0, 0, by="EPERM")
refused("swapon", "/box/x", 0, by="EPERM")
refused("swapoff", "/box/x", by="EPERM")
refused("acct", "/box/x", by="EPERM")
refused("quotactl", 0, 0, 0, 0, by="EPERM")
refused("quotactl_fd", 0, 0, 0, 0, by="EPERM")
refused("lookup_dcookie", 0, 0, 0, by="EPERM ENOSYS")
refused("syslog", 3, zeros, 100, by="EPERM")
refused("syslog", 10, 0, 0, by="EPERM")
refused("iopl", 3, by="EPERM")
refused("ioperm", 0, 1, 1, by="EPERM")
refused("modify_ldt", 0, zeros, 100, by="EPERM")
for name in ("nfsservctl", "uselib", "sysfs", "create_module", "get_kernel_syms", "query_module", "vserver", "_sysctl", "ustat"):
    refused(name, 0, 0, 0, by="ENOSYS")
finish()
