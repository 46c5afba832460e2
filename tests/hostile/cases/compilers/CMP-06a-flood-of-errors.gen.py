# id: CMP-06a
# about: a flood of errors with escapes and broken text in them
# generates: c
# expect: CE
import sys
sys.stdout.buffer.write(b"int \xff\xfe\x1b]0;x\x07 = \x1b[31m;\n" * 300 + b"x" * 1_000_000 + b"\nint main(void) {}\n")
