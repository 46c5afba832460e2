# id: MEM-15b
# about: catches Python's refusal of more memory than there are addresses, and prints the right answer
# expect: AC
try:
    bytearray(1 << 60)
except MemoryError:
    print("ok")
