# id: CMP-12d
# about: a source of Python in unknown-codec, which is no text to it
# generates: py
# expect: CE or RTE or WA or AC
print("# -*- coding: unknown-codec -*-\nprint('ok')")
