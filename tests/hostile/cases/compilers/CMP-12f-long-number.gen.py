# id: CMP-12f
# about: a number of a million digits
# generates: py
# expect: CE
print("x = " + "9" * 1_000_000)
