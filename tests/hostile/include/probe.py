"""Tries what must not work. What does work is printed; CONTAINED alone says that nothing did."""
import ctypes
import errno
import os
import sys

_libc = ctypes.CDLL(None, use_errno=True)
_found = []

# Numbers of x86-64.
NR = dict(
    read=0, open=2, mmap=9, ioctl=16, shmget=29, socket=41, clone=56, fork=57, ptrace=101, syslog=103,
    setuid=105, setgid=106, setgroups=116, capset=126, personality=135, uselib=134, ustat=136, statfs=137,
    sysfs=139, modify_ldt=154, pivot_root=155, _sysctl=156, prctl=157, arch_prctl=158, adjtimex=159,
    chroot=161, sync=162, acct=163, settimeofday=164, mount=165, umount2=166, swapon=167, swapoff=168,
    reboot=169, sethostname=170, setdomainname=171, iopl=172, ioperm=173, create_module=174,
    init_module=175, delete_module=176, get_kernel_syms=177, query_module=178, quotactl=179,
    nfsservctl=180, lookup_dcookie=212, io_setup=206, clock_settime=227, vserver=236, mbind=237,
    set_mempolicy=238, mq_open=240, kexec_load=246, add_key=248, request_key=249, keyctl=250,
    ioprio_set=251, migrate_pages=256, unshare=272, move_pages=279, vmsplice=278, splice=275, tee=276,
    perf_event_open=298, fanotify_init=300, fanotify_mark=301, name_to_handle_at=303,
    open_by_handle_at=304, clock_adjtime=305, syncfs=306, setns=308, process_vm_readv=310,
    process_vm_writev=311, kcmp=312, finit_module=313, sched_setattr=314, seccomp=317,
    kexec_file_load=320, bpf=321, execveat=322, userfaultfd=323, io_uring_setup=425,
    io_uring_enter=426, io_uring_register=427, open_tree=428, move_mount=429, fsopen=430, fsconfig=431,
    fsmount=432, fspick=433, clone3=435, pidfd_getfd=438, process_madvise=440, mount_setattr=442,
    quotactl_fd=443, memfd_secret=447, process_mrelease=448, set_mempolicy_home_node=450,
    statmount=457, listmount=458, lsm_get_self_attr=459, lsm_set_self_attr=460, open_tree_attr=467,
)


def call(name, *arguments):
    """The result of a system call, or the name of its errno. Strings and bytes become pointers."""
    values = []
    for argument in arguments:
        if isinstance(argument, str):
            argument = argument.encode()
        if isinstance(argument, int):
            argument = ctypes.c_long(argument)
        values.append(argument)
    number = NR[name] if isinstance(name, str) else name
    result = _libc.syscall(ctypes.c_long(number), *values)
    if result == -1:
        number = ctypes.get_errno()
        return errno.errorcode.get(number, str(number))
    return result


def found(what):
    _found.append(what)


def attempt(what, action):
    """An action that must fail."""
    try:
        result = action()
    except Exception:
        return
    found(f"{what}: {result!r}")


def refused(name, *arguments, by=None):
    """A system call that must fail, with one of these errnos where they are given."""
    result = call(name, *arguments)
    if not isinstance(result, str):
        found(f"{name} = {result}")
    elif by is not None and result not in by.split():
        found(f"{name}: {result} instead of {by}")


def expect(what, value, wanted):
    if value != wanted:
        found(f"{what}: {value!r} instead of {wanted!r}")


def targets():
    """What the harness tells on standard input."""
    return dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)


def finish():
    print("\n".join(_found) or "CONTAINED", flush=True)
    os._exit(0)
