# id: CMP-10a
# about: submits a compiled program as a source
# generates: c
# expect: CE
import os, sys
sys.stdout.buffer.write(open(os.path.realpath("/bin/true"), "rb").read())
