# id: NET-10
# about: takes its standard streams for sockets and asks who is behind them
# expect: CONTAINED
# tier: quick
# include: probe.py
import array, socket
from probe import *
for fd in (0, 1, 2):
    attempt("a socket", lambda: socket.socket(fileno=os.dup(fd)).getpeername())
    attempt("credentials", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, os.dup(fd)).getsockopt(1, 17, 12))
    attempt("send", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, os.dup(fd)).send(b"x"))
finish()
