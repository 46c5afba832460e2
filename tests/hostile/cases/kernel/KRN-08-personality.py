# id: KRN-08
# about: takes another personality: no random addresses, executable data, 32 bits
# expect: CONTAINED
# tier: quick
# include: probe.py
# needs: x86_64
from probe import *
for value in (0x0040000, 0x0400000, 0x0008, 0x0100000, 0x0200000, 0x4000000, 0x8000000, 0x0020000):
    refused("personality", value, by="EPERM ENOSYS")
expect("personality", call("personality", 0xFFFFFFFF), 0)
finish()
