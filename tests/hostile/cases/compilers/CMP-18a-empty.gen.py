# id: CMP-18a
# about: an empty source
# generates: cpp
# expect: CE
