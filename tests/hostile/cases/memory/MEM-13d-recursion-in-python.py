# id: MEM-13d
# about: recurses without end in Python with its own limit lifted
# expect: RTE signal 11 or RTE exit 1 or MLE
# memory_mib: 64
# cpu_ms: 3000
import sys
sys.setrecursionlimit(10**9)
def f(n):
    return f(n + 1) + 1
f(0)
