# id: IO-12
# about: opens its input for writing by every name it has, and changes it: the next test case reads the same
# expect: AC
# api: yes
# tests: 3
# stdin: text ok
import fcntl, mmap, os
text = os.read(0, 100)
for path in ("/proc/self/fd/0", "/dev/stdin", "/dev/fd/0", f"/proc/{os.getpid()}/fd/0"):
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
        try:
            os.write(os.open(path, flags), b"changed")
            print("written", path)
        except OSError:
            pass
    try:
        os.truncate(path, 0)
        print("truncated", path)
    except OSError:
        pass
for change in (lambda: os.write(0, b"changed"), lambda: os.ftruncate(0, 0), lambda: os.fchmod(0, 0o777),
               lambda: mmap.mmap(0, 3, prot=mmap.PROT_WRITE)):
    try:
        change()
        print("changed")
    except (OSError, ValueError):
        pass
os.write(1, text)
