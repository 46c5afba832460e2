// id: MEM-13a
// about: recurses without end: a segmentation fault of the stack, not the memory limit
// expect: RTE signal 11
// tier: quick
int f(int n) { volatile char b[64]; b[0] = (char)n; return f(n + 1) + b[0]; }
int main(void) { return f(0); }
