# id: SID-03
# about: talks by sockets of virtual machines, keyrings and io_uring
# expect: CONTAINED
# tier: quick
# include: probe.py
# needs: x86_64
# reference: isolate 2.4, 2.5, 2.6
import socket
from probe import *
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    attempt("vsock", lambda: socket.socket(socket.AF_VSOCK, kind))
refused("keyctl", 0, -4, 1, by="ENOSYS")
refused("io_uring_setup", 8, ctypes.create_string_buffer(200), by="ENOSYS")
finish()
