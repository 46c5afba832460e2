# id: FS-16
# about: changes its root, and opens files around it by handle
# expect: CONTAINED
# tier: quick
# include: probe.py
# needs: x86_64
# denied: chroot pivot_root open_by_handle_at name_to_handle_at open_tree
import ctypes
from probe import *
refused("chroot", "/tmp", by="EPERM")
refused("pivot_root", ".", ".", by="EPERM")
handle = ctypes.create_string_buffer(b"\x80\0\0\0\1\0\0\0" + bytes(200))
refused("name_to_handle_at", -100, "/", handle, ctypes.create_string_buffer(8), 0, by="EPERM")
refused("open_by_handle_at", 0, handle, 0, by="EPERM")
refused("open_tree", -100, "/", 1, by="EPERM")
refused("fsopen", "ext4", 0, by="EPERM")
refused("move_mount", 0, "", -100, "/tmp", 4, by="EPERM")
refused("mount_setattr", -100, "/", 0, bytes(32), 32, by="EPERM")
refused("umount2", "/proc", 2, by="EPERM")
finish()
