# id: CPU-03c
# about: prints the right answer, then stops itself again and again
# expect: ILE
# wall_ms: 400
import os, signal
print("ok", flush=True)
while True:
    os.kill(os.getpid(), signal.SIGSTOP)
