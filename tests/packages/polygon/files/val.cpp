#include "numbers.h"

int main(int argc, char **argv) {
    std::string line;
    if (argc != 3 || !std::getline(std::cin, line) || std::cin.get() != EOF) return 3;
    return line.find_first_not_of("0123456789") == std::string::npos ? 0 : 3;
}
