/*
 * System calls about System V message queues: kernel/ipc does it, this translates.
 *
 * Source: msgget(2), msgop(2), msgctl(2).
 */
#include "ipc/message.h"
#include "proc/numbers.h"
#include "syscall/ipc.h"

#define MSG_STAT 11
#define MSG_INFO 12
#define MSG_STAT_ANY 13

struct user_msqid_ds {
    struct user_ipc_permissions permissions;
    int64_t sent, received, changed;
    uint64_t bytes, messages, bytes_max;
    int32_t sender, receiver;
    uint64_t unused[2];
};

struct user_msginfo {
    int32_t pool, map, size_max, bytes_max, queues, segment_size, total;
    uint16_t segments, pad;
};
#define SEGMENT_SIZE 16 /* what Linux says, whose messages are no such thing either */
#define SEGMENTS 0xffff

long sys_msgget(const uint64_t a[6])
{
    return messages_get((int32_t)a[0], (unsigned)a[1]);
}

/* struct msgbuf: the type, then the text. */
long sys_msgsnd(const uint64_t a[6])
{
    int64_t type;
    if (copy_from_user(&type, a[1]) < 0)
        return -EFAULT;
    if ((int32_t)a[0] < 0 || a[2] > INT64_MAX || a[2] > message_limits.size || type < 1)
        return -EINVAL;
    struct message *message = message_create(type, a[2]);
    if (message == NULL)
        return -ENOMEM;
    int error = user_read(message->data, a[1] + sizeof type, a[2]) != 0 ? -EFAULT : 0;
    if (!error)
        error = message_send((int32_t)a[0], message, (unsigned)a[3]);
    if (error)
        message_free(message);
    return error;
}

long sys_msgrcv(const uint64_t a[6])
{
    unsigned flags = (unsigned)a[4];
    int error = 0;
    if ((int32_t)a[0] < 0 || a[2] > INT64_MAX)
        return -EINVAL;
    if (flags & MSG_COPY && (flags & MSG_EXCEPT || !(flags & IPC_NOWAIT)))
        return -EINVAL;
    struct message *message = message_receive((int32_t)a[0], (int64_t)a[3], a[2], flags, &error);
    if (message == NULL)
        return error;
    long size = (long)min_u64(message->size, a[2]);
    if (copy_to_user(a[1], &message->type) < 0 ||
        user_write(a[1] + sizeof message->type, message->data, (size_t)size) != 0)
        size = -EFAULT;
    message_free(message);
    return size;
}

/* ------------------------------------------------------------------------------------------------------------------
 * msgctl
 */

static long tell_limits(uaddr_t to, bool usage)
{
    const struct message_limits *limits = &message_limits;
    struct message_totals totals;
    messages_totals(&totals);
    const struct user_msginfo info = {
        .pool = (int32_t)(usage ? totals.used : limits->queues * limits->queue_bytes / 1024),
        .map = (int32_t)(usage ? totals.messages : limits->queue_bytes),
        .size_max = (int32_t)limits->size,
        .bytes_max = (int32_t)limits->queue_bytes,
        .queues = (int32_t)limits->queues,
        .segment_size = SEGMENT_SIZE,
        .total = (int32_t)(usage ? totals.bytes : limits->queue_bytes),
        .segments = SEGMENTS};
    return copy_to_user(to, &info) < 0 ? -EFAULT : totals.highest;
}

static long tell(enum ipc_by by, int32_t number, uaddr_t to)
{
    struct message_report report;
    int id = messages_report(by, number, &report);
    if (id < 0)
        return id;
    const struct user_msqid_ds about = {.permissions = ipc_permissions_to_user(&report.ipc),
        .sent = report.sent,
        .received = report.received,
        .changed = report.changed,
        .bytes = report.bytes,
        .messages = report.messages,
        .bytes_max = report.bytes_max,
        .sender = number_translate(report.sender),
        .receiver = number_translate(report.receiver)};
    return copy_to_user(to, &about) < 0 ? -EFAULT : by == IPC_BY_ID ? 0 : id;
}

static long set(int32_t id, uaddr_t from)
{
    struct user_msqid_ds about;
    if (copy_from_user(&about, from) < 0)
        return -EFAULT;
    const struct ipc_permissions permissions = ipc_permissions_from_user(&about.permissions);
    return messages_set(id, &permissions, about.bytes_max);
}

long sys_msgctl(const uint64_t a[6])
{
    int32_t id = (int32_t)a[0];
    if (id < 0)
        return -EINVAL;
    switch ((int32_t)a[1]) {
    case IPC_INFO: return tell_limits(a[2], false);
    case MSG_INFO: return tell_limits(a[2], true);
    case IPC_STAT: return tell(IPC_BY_ID, id, a[2]);
    case MSG_STAT: return tell(IPC_BY_INDEX, id, a[2]);
    case MSG_STAT_ANY: return tell(IPC_BY_INDEX_ANY, id, a[2]);
    case IPC_SET: return set(id, a[2]);
    case IPC_RMID: return messages_remove(id);
    default: return -EINVAL;
    }
}
