# id: CPU-16
# about: sets the clock, and makes a time namespace
# expect: CONTAINED
# include: probe.py
# needs: x86_64
# denied: clock_settime settimeofday adjtimex clock_adjtime unshare
import struct
from probe import *
refused("clock_settime", 0, struct.pack("qq", 1, 0), by="EPERM")
refused("settimeofday", struct.pack("qq", 1, 0), 0, by="EPERM")
refused("adjtimex", bytes([0x01]) + bytes(300), by="EPERM")
refused("clock_adjtime", 0, bytes([0x01]) + bytes(300), by="EPERM")
refused("unshare", 0x80, by="EPERM")
finish()
