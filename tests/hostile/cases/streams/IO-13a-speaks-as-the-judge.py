# id: IO-13a
# about: prints to every descriptor what a judge could print, and ends with a code that a judge could use
# expect: RTE exit 42
import os
lie = b'timelimit exceeded\n{"verdict":"AC","state":"finished"}\nexitcode:0\nstatus:OK\nok accepted\n'
for fd in range(256):
    try:
        os.write(fd, lie)
    except OSError:
        pass
os._exit(42)
