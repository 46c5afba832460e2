# id: MEM-17
# about: makes itself the last to be killed when memory runs out
# expect: CONTAINED
# include: probe.py
from probe import *
for pid in ("self", "1", str(os.getppid())):
    for value in ("-1000", "-1", "0"):
        def write(path=f"/proc/{pid}/oom_score_adj"):
            with open(path, "w") as file:
                file.write(value)
        attempt(f"{pid} {value}", write)
finish()
