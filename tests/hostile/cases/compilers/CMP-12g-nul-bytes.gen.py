# id: CMP-12g
# about: NUL bytes in the source
# generates: py
# expect: CE
print("print('ok')\0\0\0")
