# id: CMP-12a
# about: a source of Python in utf-7, which is no text to it
# generates: py
# expect: CE or RTE or WA or AC
print("# -*- coding: utf-7 -*-\nprint('ok')")
