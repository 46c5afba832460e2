#pragma once
#include <fstream>
#include <iostream>
#include <string>

static long number_in(const char *path) {
    long number = -1;
    std::ifstream(path) >> number;
    return number;
}
