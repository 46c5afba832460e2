# id: KRN-21
# about: looks for the doors of known holes: crypto sockets, user namespaces, packet filters, overlays
# expect: CONTAINED
# include: probe.py
# needs: x86_64
from probe import *
for family in (38, 16, 17, 40, 44, 33, 30, 29, 31, 41, 43, 42):
    refused("socket", family, 2, 0)
    refused("socket", family, 3, 0)
    refused("socket", family, 5, 0)
refused("unshare", 0x10000000, by="EPERM")
refused("fsopen", "overlay", 0, by="EPERM")
refused("io_uring_setup", 8, ctypes.create_string_buffer(200), by="ENOSYS")
refused("userfaultfd", 1, by="EPERM")
refused("bpf", 0, ctypes.create_string_buffer(128), 128, by="EPERM")
refused("keyctl", 0, 0, 0, by="ENOSYS")
finish()
