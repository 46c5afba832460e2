# id: KRN-02
# about: makes, joins and gives away keyrings
# expect: CONTAINED
# tier: quick
# api: yes
# include: probe.py
# needs: x86_64
# denied: keyctl add_key request_key
# reference: isolate 2.4, CVE-2024-42318
from probe import *
for operation in range(0, 33):
    refused("keyctl", operation, 0, 0, 0, 0, by="ENOSYS")
for ring in range(-8, 0):
    refused("add_key", "user", "x", b"y", 1, ring, by="ENOSYS")
    refused("request_key", "user", "x", 0, ring, by="ENOSYS")
finish()
