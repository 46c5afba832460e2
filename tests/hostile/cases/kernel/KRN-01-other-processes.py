# id: KRN-01
# about: traces and reads other processes
# expect: CONTAINED
# tier: quick
# include: probe.py
# stdin: targets
# needs: x86_64
# denied: ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp process_madvise
from probe import *
where = targets()
buffer = ctypes.create_string_buffer(64)
for pid in (1, os.getppid(), int(where["pid"]), os.getpid()):
    refused("ptrace", 16, pid, 0, 0, by="EPERM")
    refused("ptrace", 0x4206, pid, 0, 0, by="EPERM")
    refused("process_vm_readv", pid, buffer, 1, buffer, 1, 0, by="EPERM")
    refused("process_vm_writev", pid, buffer, 1, buffer, 1, 0, by="EPERM")
    refused("kcmp", pid, os.getpid(), 0, 0, 0, by="EPERM")
    if pid != os.getpid():
        attempt(f"memory of {pid}", lambda: open(f"/proc/{pid}/mem", "rb"))
        attempt(f"syscall of {pid}", lambda: open(f"/proc/{pid}/syscall", "rb").read())
refused("pidfd_getfd", 3, 0, 0, by="EPERM")
refused("process_madvise", 3, buffer, 1, 8, 0, by="EPERM")
finish()
