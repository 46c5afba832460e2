# id: PROC-20a
# about: executes scripts with odd interpreters, and files that are nearly programs
# expect: CONTAINED
# include: probe.py
import os, struct
from probe import *
def run(name, content):
    with open(name, "wb") as file:
        file.write(content)
    os.chmod(name, 0o755)
    child = os.fork()
    if child == 0:
        try:
            os.execv("./" + name, [name])
        except OSError:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 100
    if code not in (99, 100, 127):
        found(f"{name}: {code}")
run("self", b"#!./self\n")
run("missing", b"#!/nowhere/at/all\n")
run("carriage", b"#!/bin/sh\r\nexit 0\n")
run("long", b"#!/" + b"x" * 300 + b"\n")
run("empty", b"")
run("null", b"\0" * 100)
elf = open(os.path.realpath("/bin/true"), "rb").read()
run("truncated", elf[:100])
run("arm", elf[:18] + struct.pack("<H", 40) + elf[20:])
def header(changes):
    image = bytearray(elf)
    offset, = struct.unpack_from("<Q", image, 32)
    count, = struct.unpack_from("<H", image, 56)
    for index in range(count):
        changes(image, offset + index * 56)
    return bytes(image)
def huge(image, at):
    if struct.unpack_from("<I", image, at)[0] == 1:
        struct.pack_into("<QQ", image, at + 32, 1 << 60, 1 << 60)
run("huge", header(huge))
def interpreter(image, at):
    if struct.unpack_from("<I", image, at)[0] == 3:
        offset, = struct.unpack_from("<Q", image, at + 8)
        image[offset:offset + 4] = b"/zzz"
run("interpreter", header(interpreter))
run("segments", elf[:56] + struct.pack("<H", 0) + elf[58:])
finish()
