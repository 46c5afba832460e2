# id: CMP-18c
# about: an empty source of a language without a compiler
# generates: py
# expect: WA
