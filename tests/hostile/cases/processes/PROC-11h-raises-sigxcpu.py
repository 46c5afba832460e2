# id: PROC-11h
# about: prints the right answer and raises SIGXCPU
# expect: RTE signal 24
# tier: quick
# reason: signal 24 (SIGXCPU)
import os, signal
print("ok", flush=True)
signal.signal(signal.SIGXCPU, signal.SIG_DFL) if signal.SIGXCPU != signal.SIGKILL else None
os.kill(os.getpid(), signal.SIGXCPU)
