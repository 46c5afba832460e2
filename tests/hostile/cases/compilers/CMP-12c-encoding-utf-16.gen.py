# id: CMP-12c
# about: a source of Python in utf-16, which is no text to it
# generates: py
# expect: CE or RTE or WA or AC
print("# -*- coding: utf-16 -*-\nprint('ok')")
