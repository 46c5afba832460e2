#include <bits/stdc++.h>

int main() {
    std::vector<long> numbers;
    for (long number; std::cin >> number;) numbers.push_back(number);
    std::ranges::sort(numbers);
    std::cout << std::accumulate(numbers.begin(), numbers.end(), 0L) << '\n';
}
