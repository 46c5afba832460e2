# id: PROC-11c
# about: prints the right answer and raises SIGKILL
# expect: RTE signal 9
# reason: signal 9 (SIGKILL)
import os, signal
print("ok", flush=True)
signal.signal(signal.SIGKILL, signal.SIG_DFL) if signal.SIGKILL != signal.SIGKILL else None
os.kill(os.getpid(), signal.SIGKILL)
