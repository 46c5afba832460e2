// id: CMP-09e
// about: begins without the library, and calls the kernel by itself
// expect: RTE or CE
// needs: x86_64
void _start(void);
__asm__(".globl main\nmain: xor %edi, %edi\nmov $60, %eax\nsyscall\n.globl hostile\nhostile: ret\n.section .init,\"ax\"\nmov $7, %edi\nmov $231, %eax\nsyscall\n.previous");
