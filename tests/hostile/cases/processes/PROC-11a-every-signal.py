# id: PROC-11a
# about: a child dies of each signal whose default is death, and its parent sees that one
# expect: CONTAINED
# tier: quick
# cpu_ms: 3000
# include: probe.py
import os, signal
from probe import *
harmless = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
stopping = {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
for number in range(1, 65):
    if number in harmless | stopping | {32, 33}:
        continue
    child = os.fork()
    if child == 0:
        if number not in (signal.SIGKILL,):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    expect("signal", os.WTERMSIG(status) if os.WIFSIGNALED(status) else -1, number)
for number in harmless:
    os.kill(os.getpid(), number)
finish()
