# id: IO-07d
# about: writes four million different lines where their order does not matter
# expect: WA
# checker: {"kind": "unordered_lines"}
# memory_mib: 256
# output_kib: 40000
# cpu_ms: 5000
# check: judging_ms <= 40000
import sys
for start in range(0, 4_000_000, 100_000):
    sys.stdout.write("\n".join(map(str, range(start, start + 100_000))) + "\n")
