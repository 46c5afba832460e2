# id: CMP-12h
# about: a sum of a hundred thousand terms, which a recursive parser cannot hold
# generates: py
# expect: AC or CE
# cpu_ms: 3000
print("x = " + "+".join(["1"] * 100_000) + "\nprint('ok')")
