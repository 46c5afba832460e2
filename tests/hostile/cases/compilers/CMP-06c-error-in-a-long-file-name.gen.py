# id: CMP-06c
# about: errors in a file that calls itself by 64 KiB of a name with escapes in it
# generates: c
# expect: CE
name = "\\033]0;hostile\\007" * 4000
print(f'#line 1 "{name}"')
for i in range(50):
    print(f"unknown_{i} x;")
