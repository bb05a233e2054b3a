/*
 * System V IPC: what shared memory, semaphores and message queues have in common. Objects of a kind are found by a key
 * that programs agree on, and named by an ID from then on. They belong to nobody: they stay until somebody removes
 * them.
 *
 *     int id = shmget(key, ...)      by key: found, or made               ipc_get
 *     shmat(id, ...)                 by ID: -EINVAL, -EIDRM, -EACCES      ipc_find_locked, ipc_permission
 *     shmctl(id, IPC_RMID)           gone                                 ipc_owner, ipc_remove_locked
 *
 * An ID is an index into the table of its kind, and a number that grows when indices begin anew, so that an old ID is
 * told from a new one.
 *
 * Each namespace has tables of its own (space.c). When nobody is in one any more, its objects are removed.
 *
 * Locks: each kind has a mutex (rank IPC), which guards its tables and all that is in them. It is taken with an address
 * space locked (memory is unmapped), so a program's memory is not touched while it is held.
 *
 * Source: POSIX.1-2017, XSI interprocess communication; svipc(7), ipc_namespaces(7).
 */
#ifndef CORRODE_IPC_IPC_H
#define CORRODE_IPC_IPC_H

#include "fs/credentials.h"
#include "fs/namespace.h"
#include "sched/mutex.h"

/* <sys/ipc.h> */
#define IPC_PRIVATE 0
#define IPC_CREAT 01000u
#define IPC_EXCL 02000u
#define IPC_NOWAIT 04000u
#define IPC_MODE 0777u

#define IPC_READ 0444u /* of all that shmget and the like may ask for */
#define IPC_WRITE 0222u
#define IPC_EXECUTE 0111u

struct ipc_permissions {
    int32_t key;
    uint32_t uid, gid, creator_uid, creator_gid;
    uint32_t mode; /* and the kind's own bits */
};

struct ipc_object {          /* embedded in each */
    struct ipc_table *table; /* that it is in, or was */
    int32_t id;
    uint16_t sequence; /* the part of the ID that is no index */
    struct ipc_permissions permissions;
};

struct ipc_table {
    const struct ipc_kind *kind;
    struct ipc_object **slots; /* NULL: free */
    unsigned room, used;
    unsigned next; /* index to be given out */
    unsigned sequence;
    uint64_t amount; /* what the kind counts of all its objects: pages, semaphores */
};

struct ipc_kind {
    struct mutex *lock;
    uint64_t *limit; /* how many there may be */
    /* Is there as much of it as is asked for? 0 or -EINVAL. */
    int (*check)(const struct ipc_object *object, uint64_t size);
    /* A new one for TABLE, whose permissions are the caller's. NULL: *error says why. */
    struct ipc_object *(*create)(struct ipc_table *table, int32_t key, uint64_t size, unsigned flags, int *error);
    void (*destroy)(struct ipc_object *object); /* which never came into the table */
    void (*end)(struct ipc_object *object);     /* its namespace ends: it is removed; the lock is held */
};
extern const struct ipc_kind shared_memory_kind, semaphore_kind, message_kind;

enum ipc_kinds { IPC_SHARED_MEMORY, IPC_SEMAPHORES, IPC_MESSAGES, IPC_KINDS };

struct ipc_space {
    struct namespace namespace;
    struct ipc_table tables[IPC_KINDS];
};
extern struct ipc_space ipc_space_first;

/* A new, empty one, with one reference. NULL: no memory. */
struct ipc_space *ipc_space_create(void);
/* The one that NAMESPACE is; NULL: it is of another kind. */
struct ipc_space *ipc_space_of(struct namespace *namespace);
/* The running program's table of a kind. */
struct ipc_table *ipc_table(enum ipc_kinds kind);
/* The processes' layer says in which namespace it is. */
void ipc_set_space_source(struct ipc_space *(*current)(void));

/* shmget and the like: the ID, or -ENOENT, -EEXIST, -EACCES, -EINVAL, -ENOSPC, -ENOMEM. */
long ipc_get(struct ipc_table *table, int32_t key, uint64_t size, unsigned flags);

/* table->kind->lock is held for all of these. NULL: *error is -EINVAL, or -EIDRM: it was another one's. */
struct ipc_object *ipc_find_locked(const struct ipc_table *table, int32_t id, int *error);
void ipc_remove_locked(struct ipc_table *table, struct ipc_object *object);

/* The highest index in use; 0: none is. */
int ipc_highest_locked(const struct ipc_table *table);

/* How an object is looked for: by ID, or one after the other by index, with the right to read or without. */
enum ipc_by { IPC_BY_ID, IPC_BY_INDEX, IPC_BY_INDEX_ANY };
struct ipc_object *ipc_look_locked(const struct ipc_table *table, enum ipc_by by, int32_t number, int *error);

/* May the current task? WANTED: IPC_READ, ... 0 or -EACCES. ipc_owner: change and remove it; 0 or -EPERM. */
int ipc_permission(const struct ipc_object *object, unsigned wanted);
int ipc_owner(const struct ipc_object *object);

/* IPC_SET: owner and mode of the object become those of NEW. -EPERM, -EINVAL. */
int ipc_set_permissions(struct ipc_object *object, const struct ipc_permissions *new);

int64_t ipc_now(void);     /* seconds since 1970 */
int32_t ipc_process(void); /* the current process's number; 0: it is none */

/* The processes' layer says which that is. */
void ipc_set_process_source(int32_t (*current)(void));

#endif
