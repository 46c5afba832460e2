# id: MEM-08b
# about: parks descriptors in sockets that point at each other, and fills sockets
# expect: AC or MLE
# check: memory_mib <= 65
import array, os, socket
try:
    for _ in range(200):
        a, b = socket.socketpair()
        a.setblocking(False)
        for fd in (a.fileno(), b.fileno()):
            a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd] * 50))])
        a.detach()
except OSError:
    pass
print("ok")
