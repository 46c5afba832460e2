# id: IO-07b
# about: writes the right answer and millions of empty lines within its limit
# expect: AC
# tier: quick
# memory_mib: 128
# output_kib: 20000
import sys
sys.stdout.write("ok" + "\n" * 10_000_000)
