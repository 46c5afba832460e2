#include "numbers.h"

// Ends as a checker that is made with testlib: two numbers above zero must add up.
int main(int argc, char **argv) {
    if (argc != 4) return 3;
    long sum = number_in(argv[1]), first = -1, second = -1;
    std::ifstream output(argv[2]);
    if (number_in(argv[3]) < 1) {
        std::cerr << "FAIL the answer has no number" << std::endl;
        return 3;
    }
    if (!(output >> first >> second)) {
        std::cerr << "wrong output format two numbers are wanted" << std::endl;
        return 2;
    }
    bool is_right = first > 0 && second > 0 && first + second == sum;
    std::cerr << (is_right ? "ok" : "wrong answer") << " " << first << " and " << second << std::endl;
    return is_right ? 0 : 1;
}
