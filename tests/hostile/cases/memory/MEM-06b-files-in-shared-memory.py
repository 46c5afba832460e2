# id: MEM-06b
# about: fills files in /dev/shm and /tmp together beyond the memory limit
# expect: MLE or RTE
# tier: quick
# check: memory_mib <= 65
block = b"x" * (1 << 20)
files = [open("/dev/shm/x", "wb"), open("/tmp/x", "wb")]
for i in range(200):
    files[i % 2].write(block)
print("ok")
