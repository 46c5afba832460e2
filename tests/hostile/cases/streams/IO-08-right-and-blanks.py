# id: IO-08
# about: the right answer, and more blanks than it may write
# expect: OLE
# tier: quick
import sys
sys.stdout.write("ok" + " " * 10_000_000)
