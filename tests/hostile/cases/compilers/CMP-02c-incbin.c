// id: CMP-02c
// about: takes files of the host in by the assembler
// expect: CE
// tier: quick
__asm__(".incbin \"/etc/shadow\"");
int main(void) { return 0; }
