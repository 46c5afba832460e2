# id: IO-07e
# about: writes the right number with thirty million digits
# expect: AC
# answer: 1
# checker: {"kind": "float", "absolute": 1e-6}
# memory_mib: 128
# output_kib: 40000
# check: judging_ms <= 20000
import sys
sys.stdout.write("1." + "0" * 30_000_000)
