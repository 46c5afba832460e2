# id: FS-18
# about: executes from /tmp and /dev/shm, from memory, and through the loader
# expect: CONTAINED
# include: probe.py
# reference: policy: executing from /box is allowed, and so from memory; from /tmp and /dev/shm it is not
import os, shutil
from probe import *
def runs(program, *arguments):
    child = os.fork()
    if child == 0:
        os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
        try:
            os.execv(program, [program, *arguments])
        except OSError:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
for directory, wanted in (("/box", True), ("/tmp", False), ("/dev/shm", False)):
    shutil.copy("/usr/bin/true", directory + "/true")
    expect(directory, runs(directory + "/true"), wanted)
    with open(directory + "/script", "w") as script:
        script.write("#!/bin/sh\nexit 0\n")
    os.chmod(directory + "/script", 0o755)
    expect("script in " + directory, runs(directory + "/script"), wanted)
expect("loader", runs("/lib64/ld-linux-x86-64.so.2", "/tmp/true"), False)
memory = os.memfd_create("true", 0)
os.write(memory, open("/usr/bin/true", "rb").read())
expect("memory", runs(f"/proc/self/fd/{memory}"), True)
finish()
