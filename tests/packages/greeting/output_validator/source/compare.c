#include <stdio.h>
#include <string.h>

/* Lines have to be equal; what is greeted loudly is not greeted with "{{end}}". */
int main(int argc, char **argv) {
    char wanted[100] = "", found[100] = "";
    FILE *answer = fopen(argv[2], "r");
    if (argc < 4 || !answer || !fgets(wanted, 100, answer)) return 1;
    fgets(found, 100, stdin);
    if (!strstr(found, "{{end.loud}}") || strstr(found, "{{nothing}}")) return 43;
    return strcmp(wanted, found) ? 43 : 42;
}
