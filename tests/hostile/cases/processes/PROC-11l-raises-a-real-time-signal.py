# id: PROC-11l
# about: raises a real-time signal
# expect: RTE signal 40
# tier: quick
import os
os.kill(os.getpid(), 40)
