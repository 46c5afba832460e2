#include <cstdlib>
#include <iostream>

// Two numbers for the submission, and their sum for the judge.
int main(int argc, char **argv) {
    if (argc != 3) return 1;
    int first = std::atoi(argv[1]), second = std::atoi(argv[2]);
    std::cout << first << " " << second << "\n";
    std::cerr << first + second << "\n";
}
