// id: PROC-12a
// about: divides by zero
// expect: RTE signal 8
// reason: SIGFPE
int main(int argc, char **argv) { (void)argv; volatile int zero = argc - 1; return 42 / zero; }
