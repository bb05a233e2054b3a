/*
 * System V IPC as programs see it: what the structures of all three kinds begin with.
 *
 * Source: Linux's <linux/ipc.h>, <asm/ipcbuf.h>.
 */
#ifndef CORRODE_SYSCALL_IPC_H
#define CORRODE_SYSCALL_IPC_H

#include "ipc/ipc.h"
#include "syscall/handlers.h"

#define IPC_RMID 0
#define IPC_SET 1
#define IPC_STAT 2
#define IPC_INFO 3

struct user_ipc_permissions {
    int32_t key;
    uint32_t uid, gid, creator_uid, creator_gid, mode;
    uint16_t sequence, pad;
    uint32_t pad2;
    uint64_t unused[2];
};

static inline struct user_ipc_permissions ipc_permissions_to_user(const struct ipc_object *object)
{
    const struct ipc_permissions *permissions = &object->permissions;
    return (struct user_ipc_permissions){.key = permissions->key,
        .uid = permissions->uid,
        .gid = permissions->gid,
        .creator_uid = permissions->creator_uid,
        .creator_gid = permissions->creator_gid,
        .mode = permissions->mode,
        .sequence = object->sequence};
}

/* Of what IPC_SET changes. */
static inline struct ipc_permissions ipc_permissions_from_user(const struct user_ipc_permissions *from)
{
    return (struct ipc_permissions){.uid = from->uid, .gid = from->gid, .mode = from->mode};
}

#endif
