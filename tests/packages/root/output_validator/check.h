// Included by the validator: headers come with the package.
#include <cstdio>
#include <cstdlib>
#include <string>

[[noreturn]] inline void reject(const std::string &feedback, long long value) {
    FILE *message = fopen((feedback + "judgemessage.txt").c_str(), "w");
    fprintf(message, "%lld is no root", value);
    fclose(message);
    exit(43);
}
