# id: DSK-06
# about: leaves directories that nobody may enter, attributes, lists of rights, flags of files, links in circles
# expect: AC
import fcntl, os, struct
# Everybody may everything, the owner nothing.
RIGHTS = struct.pack("<I" + 4 * "HHI", 2, 1, 0, 2**32 - 1, 2, 7, 12345, 16, 7, 2**32 - 1, 32, 7, 2**32 - 1)
APPEND_ONLY, IMMUTABLE, NO_DUMP = 0x20, 0x10, 0x40
for index in range(50):
    os.makedirs(f"/tmp/{index}/inner", exist_ok=True)
    try:
        os.setxattr(f"/tmp/{index}", "user.x", b"y" * 1000)
    except OSError:
        pass
    try:
        os.setxattr(f"/tmp/{index}/inner", "system.posix_acl_access", RIGHTS)
    except OSError:
        pass
    for flag in (APPEND_ONLY, IMMUTABLE, NO_DUMP):
        fd = os.open(f"/tmp/{index}/inner", os.O_RDONLY) if os.access(f"/tmp/{index}/inner", os.R_OK) else 0
        try:
            fcntl.ioctl(fd, 0x40086602, struct.pack("l", flag))
        except OSError:
            pass
    os.symlink(f"/tmp/{index}", f"/tmp/{index}/circle")
    os.chmod(f"/tmp/{index}/inner", 0)
    os.chmod(f"/tmp/{index}", 0o1000)
os.chmod("/box", 0) if os.access("/box", os.W_OK) else None
print("ok")
