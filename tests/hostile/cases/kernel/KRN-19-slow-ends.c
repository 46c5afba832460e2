// id: KRN-19
// about: leaves work for its end: undone semaphores, very many mappings, a long list of futexes
// expect: AC
// tier: quick
// cpu_ms: 3000
// include: probe.h
#include "probe.h"
#include <sys/sem.h>
int main(void) {
    for (int i = 0; i < 30; i++) {
        int id = semget(IPC_PRIVATE, 200, 0600);
        for (int n = 0; n < 200 && id >= 0; n++) { struct sembuf up = {n, 1, SEM_UNDO}; semop(id, &up, 1); }
    }
    for (int i = 0; i < 30000; i++) {
        char *p = mmap(NULL, 8192, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) break;
    }
    static struct { void *next; long offset; void *pending; } head;
    head.next = &head;
    syscall(SYS_set_robust_list, &head, sizeof head);
    puts("ok");
}
