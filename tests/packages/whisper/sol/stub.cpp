#include <cstdio>
#include <cstdlib>
#include <string>

#include "whisper.h"

int main(int argc, char **argv) {
    if (argc != 4) return 1;
    FILE *out = fopen(argv[2], "w"), *in = fopen(argv[1], "r");
    if (atoi(argv[3]) == 0) {
        int number;
        if (fscanf(in, "%d", &number) != 1) return 1;
        fprintf(out, "%s\n", speak(number).c_str());
    } else {
        char word[2001];
        if (fscanf(in, "%2000s", word) != 1) return 1;
        fprintf(out, "%d\n", hear(word));
    }
    return 0;
}
