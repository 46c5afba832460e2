# id: IO-06c
# about: writes a number with digits of other scripts, which are no digits to the comparison
# expect: WA
# answer: 12
# checker: {"kind": "float", "absolute": 1e9}
# api: yes
import sys
sys.stdout.buffer.write("١٢\n".encode())
