# id: MEM-09
# about: makes inotify instances, epolls, events, timers and queued signals until there are no more
# expect: AC or MLE
# tier: quick
# check: memory_mib <= 65
import ctypes, os, signal
libc = ctypes.CDLL(None)
signal.pthread_sigmask(signal.SIG_BLOCK, range(34, 65))
for make in (lambda: libc.inotify_init(), lambda: libc.epoll_create1(0), lambda: libc.eventfd(0, 0),
             lambda: libc.timerfd_create(0, 0)):
    while make() >= 0:
        pass
    os.closerange(3, 2000)
for _ in range(5000):
    libc.sigqueue(os.getpid(), 40, None)
print("ok")
