# id: NET-11
# about: opens and connects through io_uring, past all filters
# expect: CONTAINED
# tier: quick
# include: probe.py
# needs: x86_64
# reference: isolate 2.6
from probe import *
refused("io_uring_setup", 8, ctypes.create_string_buffer(200), by="ENOSYS")
refused("io_uring_enter", 0, 1, 0, 0, 0, 0, by="ENOSYS")
refused("io_uring_register", 0, 0, 0, 0, by="ENOSYS")
refused("io_setup", 8, ctypes.create_string_buffer(8), by="ENOSYS")
finish()
