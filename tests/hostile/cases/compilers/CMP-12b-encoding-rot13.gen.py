# id: CMP-12b
# about: a source of Python in rot13, which is no text to it
# generates: py
# expect: CE or RTE or WA or AC
print("# -*- coding: rot13 -*-\nprint('ok')")
