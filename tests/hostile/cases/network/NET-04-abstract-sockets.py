# id: NET-04
# about: reaches for abstract sockets of the host, by stream, datagram and binding the same name
# expect: CONTAINED
# tier: quick
# api: yes
# include: probe.py
# stdin: targets
import socket
from probe import *
name = "\0" + targets()["abstract"]
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    for address in (name, "\0/tmp/dbus-x", "\0/containerd-shim/x", "\0/tmp/.X11-unix/X0"):
        s = socket.socket(socket.AF_UNIX, kind)
        attempt(address, lambda: s.connect(address))
        attempt("to " + address, lambda: s.sendto(b"x", address))
mine = socket.socket(socket.AF_UNIX)
try:
    mine.bind(name)
except OSError as error:
    found(f"somebody else has the name: {error}")
finish()
