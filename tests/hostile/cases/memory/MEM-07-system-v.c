// id: MEM-07
// about: fills System V shared memory, messages and semaphores, and removes nothing
// expect: MLE or AC
// tier: quick
// include: probe.h
// check: memory_mib <= 65
#include "probe.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
int main(void) {
    struct { long type; char text[1000]; } message = {1, ""};
    for (int i = 0; i < 100; i++) {
        int q = msgget(IPC_PRIVATE, 0600);
        while (q >= 0 && !msgsnd(q, &message, sizeof message.text, IPC_NOWAIT));
        semget(IPC_PRIVATE, 100, 0600);
    }
    puts("ok"); fflush(stdout);
    for (int i = 0; i < 200; i++) {
        int id = shmget(IPC_PRIVATE, 1 << 20, 0600);
        if (id < 0) break;
        char *p = shmat(id, NULL, 0);
        if (p == (void *)-1) break;
        memset(p, 1, 1 << 20);
    }
}
