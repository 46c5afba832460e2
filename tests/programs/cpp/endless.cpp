int main() {
    volatile unsigned spin = 0;
    while (true) spin = spin + 1;
}
