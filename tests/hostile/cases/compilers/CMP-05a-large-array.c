// id: CMP-05a
// about: an initialised array of 500 MB: too large a program
// expect: CE
char a[500000000] = {1};
int main(void) { return a[1]; }
