# id: CMP-10d
# about: submits the beginning of a compiled class as a source of Java
# generates: java
# expect: CE
import sys
sys.stdout.buffer.write(b"\xca\xfe\xba\xbe\0\0\0\x3d" + bytes(range(256)))
