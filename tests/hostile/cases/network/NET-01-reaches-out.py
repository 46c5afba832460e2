# id: NET-01
# about: reaches for the host, its network, the world and a cloud's metadata
# expect: CONTAINED
# tier: quick
# include: probe.py
# stdin: targets
# denied: socket
# api: yes
import socket
from probe import *
where = targets()
for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "192.0.2.1", "10.0.0.1", "8.8.8.8", "0.0.0.0"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        for port in (int(where["tcp4"]), int(where["tcp6"]), int(where["udp"]), 53, 80, 5432):
            def reach():
                s = socket.socket(family, kind)
                s.settimeout(0.1)
                s.connect((host, port))
                return s.send(b"x")
            attempt(f"{host} {port}", reach)
attempt("a name", lambda: socket.getaddrinfo("example.com", 80))
finish()
