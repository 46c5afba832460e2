// id: CMP-02b
// about: asks the compiler whether files of the host exist
// expect: CONTAINED
// tier: quick
// api: yes
#include <stdio.h>
int main(void) {
#if __has_include("/etc/shadow")
    puts("/etc/shadow");
#endif
#if __has_include("/root/.bashrc") || __has_include("/root")
    puts("/root");
#endif
#if __has_include("/run/gavel/slots/0.lock") || __has_include("/etc/hostname") || __has_include("/etc/machine-id")
    puts("the host");
#endif
#if __has_include("/proc/1/environ") || __has_include("/proc/kcore")
    puts("/proc");
#endif
    puts("CONTAINED");
}
