// id: KRN-07
// about: takes users, groups and capabilities
// expect: CONTAINED
// tier: quick
// include: probe.h
#include "probe.h"
#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
int main(void) {
    gid_t root = 0;
    refused("setuid", setuid(0)); refused("setgid", setgid(0)); refused("setgroups", setgroups(1, &root));
    refused("setresuid", setresuid(0, 0, 0)); refused("setreuid", setreuid(0, 0)); refused("setresgid", setresgid(0, 0, 0));
    setfsuid(0); setfsgid(0);
    expect("fsuid", setfsuid(-1), 1000);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{~0u, ~0u, ~0u}, {~0u, ~0u, ~0u}};
    refused("capset", syscall(SYS_capset, &header, data));
    struct __user_cap_data_struct one[2] = {{1, 1, 1}, {0, 0, 0}};
    refused("capset one", syscall(SYS_capset, &header, one));
    for (int cap = 0; cap < 41; cap++) refused("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0));
    expect("uid", geteuid(), 1000);
    return finish();
}
