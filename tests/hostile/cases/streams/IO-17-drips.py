# id: IO-17
# about: writes a byte now and then, for ever
# expect: ILE
# wall_ms: 700
# check: output_bytes >= 2
import os, time
while True:
    os.write(1, b"x")
    time.sleep(0.1)
