# id: CMP-02a
# about: includes files of the host in every way a C compiler has
# generates: c
# expect: CE
# tier: quick
# api: yes
for path in ("/etc/shadow", "/root/.profile", "/etc/hostname", "/proc/1/environ", "/run/gavel/slots/0.lock",
             "/var/lib/gavel/x", "../../etc/shadow", "/box/../etc/gshadow"):
    print(f'#include "{path}"')
print('__asm__(".incbin \\"/etc/shadow\\"\\n.include \\"/etc/gshadow\\"");')
print("int main(void) { return 0; }")
