# id: MEM-06c
# about: asks for secret memory, which nobody could count
# expect: CONTAINED
# include: probe.py
# needs: x86_64
from probe import *
refused("memfd_secret", 0, by="ENOSYS EPERM")
finish()
