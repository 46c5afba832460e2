// id: PROC-12b
// about: executes an illegal instruction
// expect: RTE signal 4
// tier: quick
// reason: SIGILL
int main(void) { __builtin_trap(); }
