#include "numbers.h"

// A number between two others that depends on these alone.
int main(int argc, char **argv) {
    if (argc != 3) return 1;
    long low = std::stol(argv[1]), high = std::stol(argv[2]);
    std::cout << low + 7919 * (low + high) % (high - low) << "\n";
}
