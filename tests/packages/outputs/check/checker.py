import sys

wanted = int(open(sys.argv[1]).read())
word = open(sys.argv[3]).read().strip()
is_word = all(letter in "ab" for letter in word) and "aaa" not in word and "bbb" not in word
part = min(len(word) / wanted, 1) if is_word else 0
print(part)
print("translate:" + {0: "wrong", 1: "success"}.get(part, "partial"), file=sys.stderr)
