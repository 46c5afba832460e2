# id: IO-07f
# about: writes thirty million blanks before the right answer where blanks count
# expect: WA
# checker: {"kind": "default", "space_change_sensitive": true}
# memory_mib: 128
# output_kib: 40000
# check: judging_ms <= 20000
import sys
sys.stdout.write(" " * 30_000_000 + "ok")
