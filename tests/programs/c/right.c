#include <math.h>
#include <stdio.h>

int main(void) {
    long a, b;
    if (scanf("%ld %ld", &a, &b) != 2) return 1;
    printf("%ld\n", lround(cbrt(pow((double)(a + b), 3))));
    return 0;
}
