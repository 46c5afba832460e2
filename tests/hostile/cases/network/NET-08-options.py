# id: NET-08
# about: sets the options of sockets that need rights, and attaches programs
# expect: CONTAINED
# tier: quick
# include: probe.py
# needs: x86_64
import socket
from probe import *
s = socket.socket(socket.AF_UNIX)
for option, value in ((36, 1), (50, b"\0" * 4), (32, 1 << 30), (33, 1 << 30), (12, 100)):
    attempt(f"option {option}", lambda: s.setsockopt(socket.SOL_SOCKET, option, value))
for path in ("/dev/net/tun", "/proc/self/ns/net"):
    attempt(path, lambda: os.open(path, os.O_RDWR))
import os
fd = os.open("/proc/self/ns/net", os.O_RDONLY)
refused("setns", fd, 0x40000000, by="EPERM")
refused("setns", fd, 0, by="EPERM")
finish()
