/*
 * System V message queues: messages with a type each, which readers choose by.
 *
 * A message that somebody waits for goes straight to him; one that finds no room waits with its sender, who is served
 * in turn as soon as there is room. So whoever wakes finds done what he has waited for.
 *
 * Source: msgget(2), msgop(2), msgctl(2).
 */
#ifndef CORRODE_IPC_MESSAGE_H
#define CORRODE_IPC_MESSAGE_H

#include "ipc/ipc.h"

/* <sys/msg.h> */
#define MSG_NOERROR 010000u
#define MSG_EXCEPT 020000u
#define MSG_COPY 040000u

struct message_limits {
    uint64_t size, queue_bytes, queues; /* of one message; in a queue, unless that says otherwise; how many */
};
extern struct message_limits message_limits;

struct message {
    struct list_node link;
    int64_t type;
    uint64_t size;
    char data[];
};

struct message_report {
    struct ipc_object ipc;
    uint64_t bytes, messages, bytes_max;
    int64_t sent, received, changed; /* seconds since 1970; 0: never */
    int32_t sender, receiver;        /* processes */
};

struct message_totals {
    int highest;
    uint64_t used, messages, bytes;
};

/* With room for SIZE bytes, which the caller fills in. NULL: no memory. */
struct message *message_create(int64_t type, uint64_t size);
void message_free(struct message *message);

long messages_get(int32_t key, unsigned flags);

/* MESSAGE is taken over if it succeeds. FLAGS: IPC_NOWAIT. -EAGAIN, -EINTR, -EIDRM, -EACCES, -EINVAL. */
int message_send(int32_t id, struct message *message, unsigned flags);

/*
 * What a receiver wants: of TYPE 0, any; below 0, the lowest type up to its amount; else that type, or with MSG_EXCEPT
 * any other; with MSG_COPY a copy of number TYPE. NULL: *error is -E2BIG (it is larger than SIZE, and there is no
 * MSG_NOERROR), -ENOMSG, -EINTR, -EIDRM, -EACCES, -EINVAL.
 */
struct message *message_receive(int32_t id, int64_t type, uint64_t size, unsigned flags, int *error);

/* Its ID, or an error. */
int messages_report(enum ipc_by by, int32_t number, struct message_report *report);
void messages_totals(struct message_totals *totals);
int messages_remove(int32_t id);
int messages_set(int32_t id, const struct ipc_permissions *permissions, uint64_t bytes_max);

#endif
