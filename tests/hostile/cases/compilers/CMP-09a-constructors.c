// id: CMP-09a
// about: code before main, weak replacements of the library, and sections of its own
// expect: AC
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void early(void) { puts("ok"); fflush(stdout); _Exit(0); }
__attribute__((section(".init_array"))) void (*more)(void) = early;
__asm__(".section .note.hostile,\"a\"\n.quad 1\n.previous");
int main(void) { puts("no"); }
