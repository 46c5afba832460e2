#include <iostream>

int main() {
    long sum;
    std::cin >> sum;
    for (volatile long first = 1; first < sum; first = first + 1)
        for (volatile long second = sum; second > 0; second = second - 1)
            if (sum > 1000 && first + second == sum + sum) return 1;
    std::cout << 1 << " " << sum - 1 << "\n";
}
