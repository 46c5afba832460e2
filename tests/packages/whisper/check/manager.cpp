// Tells the first process a number and hands its word to the second one, which has to know the number by it. A word
// of 10 letters or less is worth everything, and any other a half.
#include <csignal>
#include <cstdio>
#include <cstring>

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    if (argc != 5) return 1;
    FILE *input = fopen("input.txt", "r");
    FILE *from_first = fopen(argv[1], "r"), *to_first = fopen(argv[2], "w");
    FILE *from_second = fopen(argv[3], "r"), *to_second = fopen(argv[4], "w");
    int number = 0, heard = -1;
    char word[2001] = "";
    if (fscanf(input, "%d", &number) != 1) return 1;
    fprintf(to_first, "%d\n", number);
    fflush(to_first);
    fscanf(from_first, "%2000s", word);
    fprintf(to_second, "%s\n", word);
    fflush(to_second);
    fscanf(from_second, "%d", &heard);
    if (heard != number) {
        puts("0.0");
        fprintf(stderr, "%d was heard\n", heard);
    } else if (strlen(word) > 10) {
        puts("0.5");
        fprintf(stderr, "translate:partial\n");
    } else {
        puts("1.0");
        fprintf(stderr, "translate:success\n");
    }
    return 0;
}
