# id: IO-06a
# about: writes every byte value, NUL and broken text among them, to both streams
# expect: WA
# check: output_bytes >= 275
# check: output_bytes <= 275
# api: yes
import os
os.write(1, bytes(range(256)) + "\ufeff\u2028\u202e\r\n".encode() + b"\xc0\x80\xed\xa0\x80\xf8" + b"\r\0")
os.write(2, bytes(range(256)))
