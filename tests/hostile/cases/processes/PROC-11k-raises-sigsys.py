# id: PROC-11k
# about: prints the right answer and raises SIGSYS
# expect: RTE signal 31
# tier: quick
# reason: signal 31 (SIGSYS)
import os, signal
print("ok", flush=True)
signal.signal(signal.SIGSYS, signal.SIG_DFL) if signal.SIGSYS != signal.SIGKILL else None
os.kill(os.getpid(), signal.SIGSYS)
