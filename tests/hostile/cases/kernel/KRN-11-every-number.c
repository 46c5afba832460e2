// id: KRN-11
// about: calls every number there is and many there are not: unknown ones answer ENOSYS
// expect: CONTAINED
// include: probe.h
// needs: x86_64
#include "probe.h"
int main(void) {
    for (long number = 468; number < 1024; number++) {
        long result = syscall(number, 0, 0, 0, 0, 0, 0);
        if (result != -1 || errno != ENOSYS) found("number", number);
    }
    long absent[] = {425, 426, 427, 435, 436 + 1000, 449 + 1000, 206, 207, 208, 209, 210, 174, 177, 178, 180, 236, 447, 1 << 20, -1};
    for (unsigned i = 0; i < sizeof absent / sizeof *absent; i++) {
        long result = syscall(absent[i], 0, 0, 0, 0, 0, 0);
        if (result != -1 || errno != ENOSYS) found("absent", absent[i]);
    }
    return finish();
}
