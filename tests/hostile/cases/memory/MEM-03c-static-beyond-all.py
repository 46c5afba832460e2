# id: MEM-03c
# about: executes a program that would need more addresses than there are
# expect: RTE or MLE
import os, struct
image = bytearray(open(os.path.realpath("/bin/true"), "rb").read())
offset, = struct.unpack_from("<Q", image, 32)
count, = struct.unpack_from("<H", image, 56)
for index in range(count):
    at = offset + index * 56
    if struct.unpack_from("<I", image, at)[0] == 1:
        struct.pack_into("<Q", image, at + 40, 1 << 47)
open("huge", "wb").write(image)
os.chmod("huge", 0o755)
print("ok", flush=True)
os.execv("./huge", ["huge"])
