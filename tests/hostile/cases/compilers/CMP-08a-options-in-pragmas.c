// id: CMP-08a
// about: asks for plug-ins, other optimisations and dependencies by pragmas
// expect: AC or CE
#pragma GCC optimize("O3,unroll-loops")
#pragma GCC optimize("plugin=/box/x.so")
#pragma GCC dependency "/etc/shadow"
#pragma GCC system_header
#include <stdio.h>
int main(void) { puts("ok"); }
