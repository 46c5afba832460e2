# id: NET-03
# about: listens on the loopback of its box, which is there only where a language asks for it
# expect: CONTAINED
# tier: quick
# include: probe.py
import socket
from probe import *
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    def listen():
        s = socket.socket(family)
        s.bind((host, 0))
        s.listen()
    attempt(host, listen)
finish()
