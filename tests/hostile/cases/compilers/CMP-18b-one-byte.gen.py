# id: CMP-18b
# about: a source of one byte, which is no text
# generates: cpp
# expect: CE
import sys
sys.stdout.buffer.write(b"\xff")
