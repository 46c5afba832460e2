# id: CMP-12e
# about: a hundred thousand nested parentheses
# generates: py
# expect: CE
print("x = " + "(" * 100000 + ")" * 100000)
