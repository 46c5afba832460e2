// id: PROC-19
// about: a fresh binary is started many times: its text is never busy
// expect: AC
// tests: 100
// repeat: 100
// tier: slow
#include <stdio.h>
int main(void) { puts("ok"); }
