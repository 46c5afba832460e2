# id: PROC-11d
# about: prints the right answer and raises SIGSEGV
# expect: RTE signal 11
# tier: quick
# reason: signal 11 (SIGSEGV)
import os, signal
print("ok", flush=True)
signal.signal(signal.SIGSEGV, signal.SIG_DFL) if signal.SIGSEGV != signal.SIGKILL else None
os.kill(os.getpid(), signal.SIGSEGV)
