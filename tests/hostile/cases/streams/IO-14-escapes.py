# id: IO-14
# about: prints escapes of terminals, titles, links and markup
# expect: WA
# tier: quick
# api: yes
print("\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x1b[2J\rok<script>alert(1)</script>\x9b31m")
