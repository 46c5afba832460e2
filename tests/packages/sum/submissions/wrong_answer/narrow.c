#include <stdio.h>
int main(void) {
    unsigned a, b;
    scanf("%d %d", &a, &b);
    printf("%d\n", (int)(a + b));
}
