# id: DSK-05
# about: leaves files whose names are options, lines, look-alikes of .. and no text
# expect: AC
import os
for directory in ("/box", "/tmp"):
    for name in (b"a\nb", b"-rf", b"--", b"...", b".. ", b"\xff\xfe", b"\x1b[31m", b"x" * 255, b"*", b"$(id)", b"\x01"):
        os.mkdir(directory.encode() + b"/" + name)
        open(directory.encode() + b"/" + name + b"/" + name, "wb").close()
print("ok")
