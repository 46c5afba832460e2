// id: CMP-09b
// about: main is data
// expect: RTE signal 11 or CE
int main[] = {0};
