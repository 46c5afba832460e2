# id: IO-07c
# about: the right answer without an end of line, between blanks
# expect: AC
# tier: quick
print("\n\t ok   \n \n", end=" ")
