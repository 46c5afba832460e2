# id: IO-06d
# about: writes nan, of which every comparison is false, where any number would be near enough
# expect: WA
# answer: 1
# checker: {"kind": "float", "absolute": 1e9, "relative": 1e9}
# api: yes
print("nan")
