# id: KRN-09
# about: renames the machine, moves memory of others, flushes all disks
# expect: CONTAINED
# tier: quick
# include: probe.py
# needs: x86_64
# denied: sethostname setdomainname migrate_pages move_pages sync syncfs
from probe import *
refused("sethostname", "hostile", 7, by="EPERM")
refused("setdomainname", "hostile", 7, by="EPERM")
refused("migrate_pages", 1, 8, b"\1" * 8, b"\1" * 8, by="EPERM")
refused("move_pages", 1, 1, bytes(8), 0, bytes(8), 0, by="EPERM")
refused("sync", by="EPERM")
refused("syncfs", 0, by="EPERM")
expect("host name", os.uname().nodename, "box")
finish()
