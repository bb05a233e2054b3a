/*
 * System V shared memory: segments, each of them a file in memory that programs map by its ID.
 *
 * A segment lives until it is removed and nobody has it attached any more. How often it is attached is counted by the
 * areas that map it, so that fork, exec, the end of a process and munmap do what they should by themselves; whatever
 * splits an area counts as one more, as on Linux.
 *
 * Source: shmget(2), shmop(2), shmctl(2).
 */
#ifndef CORRODE_IPC_SHARED_MEMORY_H
#define CORRODE_IPC_SHARED_MEMORY_H

#include "ipc/ipc.h"
#include "vm/vm.h"

/* <sys/shm.h>: flags of shmget, of shmat, and in a segment's mode. */
#define SHM_HUGETLB 04000u
#define SHM_NORESERVE 010000u
#define SHM_RDONLY 010000u
#define SHM_RND 020000u
#define SHM_REMAP 040000u
#define SHM_EXEC 0100000u
#define SHM_DEST 01000u
#define SHM_LOCKED 02000u

struct shared_memory_limits {
    uint64_t size, pages, segments; /* of one; of all together; how many */
};
extern struct shared_memory_limits shared_memory_limits;

struct shared_memory_report {
    struct ipc_object ipc;
    uint64_t size, attachments, resident; /* `resident` in pages */
    int64_t attached, detached, changed;  /* seconds since 1970; 0: never */
    int32_t creator, last;                /* processes */
};

struct shared_memory_totals {
    int highest;
    uint64_t used, pages, resident;
};

long shared_memory_get(int32_t key, uint64_t size, unsigned flags);
/* Where it is then. */
long shared_memory_attach(struct vm_space *space, int32_t id, vaddr_t address, unsigned flags);
int shared_memory_detach(struct vm_space *space, vaddr_t address);
/* Its ID, or an error. */
int shared_memory_report(enum ipc_by by, int32_t number, struct shared_memory_report *report);
void shared_memory_totals(struct shared_memory_totals *totals);
int shared_memory_remove(int32_t id);
int shared_memory_set(int32_t id, const struct ipc_permissions *permissions);
/* There is no swap, so only the mark in the mode changes. MAY_LOCK: the caller has any right to lock memory. */
int shared_memory_lock(int32_t id, bool locked, bool may_lock);

#endif
