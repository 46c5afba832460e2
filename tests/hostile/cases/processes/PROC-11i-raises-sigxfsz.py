# id: PROC-11i
# about: prints the right answer and raises SIGXFSZ
# expect: RTE signal 25
# tier: quick
# reason: signal 25 (SIGXFSZ)
import os, signal
print("ok", flush=True)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL) if signal.SIGXFSZ != signal.SIGKILL else None
os.kill(os.getpid(), signal.SIGXFSZ)
