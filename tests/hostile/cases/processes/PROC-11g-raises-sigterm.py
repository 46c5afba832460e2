# id: PROC-11g
# about: prints the right answer and raises SIGTERM
# expect: RTE signal 15
# tier: quick
# reason: signal 15 (SIGTERM)
import os, signal
print("ok", flush=True)
signal.signal(signal.SIGTERM, signal.SIG_DFL) if signal.SIGTERM != signal.SIGKILL else None
os.kill(os.getpid(), signal.SIGTERM)
