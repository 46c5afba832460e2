import os
import sys

from numbers_of import is_number

has_file = os.path.exists("words/greeting.txt")
text = sys.stdin.read()
valid = is_number(text) and len(sys.argv) == 2 and has_file == (text == "3\n")
sys.exit(42 if valid else 43)
