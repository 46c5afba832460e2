# id: PROC-11j
# about: prints the right answer and raises SIGUSR1
# expect: RTE signal 10
# tier: quick
# reason: signal 10 (SIGUSR1)
import os, signal
print("ok", flush=True)
signal.signal(signal.SIGUSR1, signal.SIG_DFL) if signal.SIGUSR1 != signal.SIGKILL else None
os.kill(os.getpid(), signal.SIGUSR1)
