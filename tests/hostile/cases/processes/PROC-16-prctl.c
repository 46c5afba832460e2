// id: PROC-16
// about: takes every switch of prctl that could help it
// expect: CONTAINED
// include: probe.h
#include "probe.h"
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
int main(void) {
    prctl(PR_SET_NAME, "a\n)\033[31m(", 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    refused("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
    refused("securebits", prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0));
    refused("bounding set", prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) - 1);
    refused("new privileges", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    expect("no new privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    refused("exe", prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, 0, 0, 0));
    refused("seccomp off", prctl(PR_SET_SECCOMP, 0, 0, 0, 0));
    expect("seccomp", prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 2);
    for (int what = 0; what < 4; what++) prctl(PR_SET_SPECULATION_CTRL, what, PR_SPEC_ENABLE, 0, 0);
    refused("start of memory", prctl(PR_SET_MM, PR_SET_MM_START_CODE, 0x1000, 0, 0));
    return finish();
}
