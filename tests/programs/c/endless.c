int main(void) {
    volatile unsigned spin = 0;
    for (;;) spin++;
}
