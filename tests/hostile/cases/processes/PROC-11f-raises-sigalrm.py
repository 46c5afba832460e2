# id: PROC-11f
# about: prints the right answer and raises SIGALRM
# expect: RTE signal 14
# tier: quick
# reason: signal 14 (SIGALRM)
import os, signal
print("ok", flush=True)
signal.signal(signal.SIGALRM, signal.SIG_DFL) if signal.SIGALRM != signal.SIGKILL else None
os.kill(os.getpid(), signal.SIGALRM)
