#include "check.h"

int main(int, char **argv) {
    long long square, root;
    FILE *input = fopen(argv[1], "r");
    if (!input || fscanf(input, "%lld", &square) != 1) return 1;
    if (scanf("%lld", &root) != 1) return 43;
    if (root * root != square) reject(argv[3], root);
    return 42;
}
