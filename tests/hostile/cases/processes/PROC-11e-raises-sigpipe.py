# id: PROC-11e
# about: prints the right answer and raises SIGPIPE
# expect: RTE signal 13
# tier: quick
# reason: signal 13 (SIGPIPE)
import os, signal
print("ok", flush=True)
signal.signal(signal.SIGPIPE, signal.SIG_DFL) if signal.SIGPIPE != signal.SIGKILL else None
os.kill(os.getpid(), signal.SIGPIPE)
