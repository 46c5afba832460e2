# id: PROC-11b
# about: prints the right answer and raises SIGABRT
# expect: RTE signal 6
# api: yes
# reason: signal 6 (SIGABRT)
import os, signal
print("ok", flush=True)
signal.signal(signal.SIGABRT, signal.SIG_DFL) if signal.SIGABRT != signal.SIGKILL else None
os.kill(os.getpid(), signal.SIGABRT)
