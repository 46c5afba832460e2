# id: CMP-12i
# about: modules that are called as those of Python: its own come first for itself, and none is executed at the start
# expect: AC
# include: random.py sitecustomize.py
import random
print("ok" if random.mine else "not its own")
