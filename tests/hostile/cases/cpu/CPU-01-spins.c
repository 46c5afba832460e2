// id: CPU-01
// about: spins for ever
// expect: TLE
// tier: quick
// cpu_ms: 300
// check: cpu_ms >= 300
// check: cpu_ms <= 400
// api: yes
int main(void) { for (;;) __asm__ volatile(""); }
