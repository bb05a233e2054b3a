/*
 * Message queues: see message.h.
 *
 * Locks: the kind's mutex (ipc.h) for all queues. Who waits lies on his own stack, in one of the queue's lists;
 * whoever ends the wait takes him off, says how it has ended and wakes him, all under the mutex, which the waiter takes
 * before he goes.
 */
#include "ipc/message.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

/* As on Linux. */
#define SIZE_LIMIT 8192
#define QUEUE_BYTES_LIMIT 16384
#define QUEUES_LIMIT 32000

struct queue {
    struct ipc_object ipc;
    struct list messages;           /* struct message, first come first */
    struct list senders, receivers; /* struct waiting, likewise */
    uint64_t bytes, count, bytes_max;
    int64_t sent, received, changed;
    int32_t sender, receiver;
};

struct wanted {
    int64_t type;
    uint64_t size;
    unsigned flags;
};

struct waiting {
    struct list_node link;
    struct message *message;     /* a sender's; a receiver's, when he has got it */
    const struct wanted *wanted; /* a receiver's */
    int32_t process;
    int status; /* WAITING, or what the call returns */
    struct wait_queue woken;
};
#define WAITING 1

struct message_limits message_limits = {SIZE_LIMIT, QUEUE_BYTES_LIMIT, QUEUES_LIMIT};

static struct mutex lock = MUTEX_INIT(lock, IPC);

static struct ipc_table *current_table(void)
{
    return ipc_table(IPC_MESSAGES);
}

static struct queue *queue_of(const struct ipc_object *object)
{
    return container_of(object, struct queue, ipc);
}

struct message *message_create(int64_t type, uint64_t size)
{
    struct message *message = kmalloc(sizeof *message + size, 0);
    if (message)
        *message = (struct message){.type = type, .size = size};
    return message;
}

void message_free(struct message *message)
{
    kfree(message);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Making and finding
 */

static int check(const struct ipc_object *object, uint64_t size)
{
    return 0;
}

static struct ipc_object *create(struct ipc_table *table, int32_t key, uint64_t size, unsigned flags, int *error)
{
    struct queue *queue = kmalloc(sizeof *queue, ALLOC_ZERO);
    *error = -ENOMEM;
    if (queue == NULL)
        return NULL;
    list_init(&queue->messages);
    list_init(&queue->senders);
    list_init(&queue->receivers);
    queue->bytes_max = message_limits.queue_bytes;
    queue->changed = ipc_now();
    return &queue->ipc;
}

static void destroy(struct ipc_object *object)
{
    struct list_node *node;
    while ((node = list_pop_front(&queue_of(object)->messages)) != NULL)
        message_free(container_of(node, struct message, link));
    kfree(queue_of(object));
}

/* Nobody is left in the namespace to wait for it. */
static void end(struct ipc_object *object)
{
    ipc_remove_locked(object->table, object);
    destroy(object);
}

const struct ipc_kind message_kind = {
    .lock = &lock, .limit = &message_limits.queues, .check = check, .create = create, .destroy = destroy, .end = end};

long messages_get(int32_t key, unsigned flags)
{
    return ipc_get(current_table(), key, 0, flags);
}

/* WANTED 0: any right will do. */
static struct queue *find(int32_t id, unsigned wanted, int *error)
{
    struct ipc_object *object = ipc_find_locked(current_table(), id, error);
    if (object && wanted)
        *error = ipc_permission(object, wanted);
    return *error ? NULL : queue_of(object);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

static void finish(struct waiting *waiting, int status)
{
    list_remove(&waiting->link);
    __atomic_store_n(&waiting->status, status, __ATOMIC_RELEASE);
    wait_queue_wake(&waiting->woken);
}

/* The mutex is held, and is let go while WAITING waits in LIST. */
static int wait(struct list *list, struct waiting *waiting)
{
    waiting->status = WAITING;
    wait_queue_init(&waiting->woken);
    list_push_back(list, &waiting->link);
    mutex_unlock(&lock);
    (void)wait_event_interruptible(&waiting->woken, __atomic_load_n(&waiting->status, __ATOMIC_ACQUIRE) != WAITING);
    mutex_lock(&lock);
    if (waiting->status == WAITING) {
        list_remove(&waiting->link);
        waiting->status = -EINTR;
    }
    return waiting->status;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Messages and those who want them
 */

static bool suits(const struct message *message, const struct wanted *wanted)
{
    if (wanted->type == 0)
        return true;
    if (wanted->type < 0)
        return message->type <= (wanted->type == INT64_MIN ? INT64_MAX : -wanted->type);
    return (message->type == wanted->type) != ((wanted->flags & MSG_EXCEPT) != 0);
}

static bool too_large(const struct message *message, const struct wanted *wanted)
{
    return message->size > wanted->size && !(wanted->flags & MSG_NOERROR);
}

/* Into the queue, or to the first who waits for one like it. */
static void deliver(struct queue *queue, struct message *message, int32_t sender)
{
    queue->sender = sender;
    queue->sent = ipc_now();
    struct list_node *node = queue->receivers.head.next;
    while (node != &queue->receivers.head) {
        struct waiting *receiver = container_of(node, struct waiting, link);
        node = node->next;
        if (!suits(message, receiver->wanted))
            continue;
        if (too_large(message, receiver->wanted)) {
            finish(receiver, -E2BIG);
            continue;
        }
        queue->receiver = receiver->process;
        queue->received = ipc_now();
        receiver->message = message;
        finish(receiver, 0);
        return;
    }
    list_push_back(&queue->messages, &message->link);
    queue->bytes += message->size;
    queue->count++;
}

static bool has_room(const struct queue *queue, const struct message *message)
{
    return message->size + queue->bytes <= queue->bytes_max && queue->count + 1 <= queue->bytes_max;
}

/* Serves those who wait to send, as far as there is room: the first come first, but a small message may go by. */
static void serve_senders(struct queue *queue)
{
    struct list_node *node = queue->senders.head.next;
    while (node != &queue->senders.head) {
        struct waiting *sender = container_of(node, struct waiting, link);
        node = node->next;
        if (!has_room(queue, sender->message))
            continue;
        deliver(queue, sender->message, sender->process);
        finish(sender, 0);
    }
}

static int send_locked(int32_t id, struct message *message, unsigned flags)
{
    int error;
    struct queue *queue = find(id, IPC_WRITE, &error);
    if (queue == NULL)
        return error;
    if (has_room(queue, message)) {
        deliver(queue, message, ipc_process());
        return 0;
    }
    struct waiting sender = {.message = message, .process = ipc_process()};
    return flags & IPC_NOWAIT ? -EAGAIN : wait(&queue->senders, &sender);
}

int message_send(int32_t id, struct message *message, unsigned flags)
{
    mutex_lock(&lock);
    int error = send_locked(id, message, flags);
    mutex_unlock(&lock);
    return error;
}

/* The first that suits; of those up to a type, one of the lowest. NULL: there is none. */
static struct message *choose(const struct queue *queue, const struct wanted *wanted)
{
    struct message *chosen = NULL;
    int64_t number = 0;
    list_for_each(struct message, message, &queue->messages, link)
    {
        if (wanted->flags & MSG_COPY) {
            if (number++ == wanted->type)
                return message;
        } else if (suits(message, wanted)) {
            if (wanted->type >= 0)
                return message;
            if (chosen == NULL || message->type < chosen->type)
                chosen = message;
        }
    }
    return chosen;
}

static struct message *copy(const struct message *message, int *error)
{
    struct message *copied = message_create(message->type, message->size);
    if (copied)
        memcpy(copied->data, message->data, message->size);
    else
        *error = -ENOMEM;
    return copied;
}

static struct message *take(struct queue *queue, struct message *message)
{
    list_remove(&message->link);
    queue->bytes -= message->size;
    queue->count--;
    queue->receiver = ipc_process();
    queue->received = ipc_now();
    serve_senders(queue);
    return message;
}

static struct message *receive_locked(int32_t id, const struct wanted *wanted, int *error)
{
    struct queue *queue = find(id, IPC_READ, error);
    if (queue == NULL)
        return NULL;
    struct message *message = choose(queue, wanted);
    if (message && too_large(message, wanted)) {
        *error = -E2BIG;
        return NULL;
    }
    if (message)
        return wanted->flags & MSG_COPY ? copy(message, error) : take(queue, message);
    struct waiting receiver = {.wanted = wanted, .process = ipc_process()};
    *error = wanted->flags & IPC_NOWAIT ? -ENOMSG : wait(&queue->receivers, &receiver);
    return receiver.message;
}

struct message *message_receive(int32_t id, int64_t type, uint64_t size, unsigned flags, int *error)
{
    const struct wanted wanted = {.type = type, .size = size, .flags = flags};
    mutex_lock(&lock);
    struct message *message = receive_locked(id, &wanted, error);
    mutex_unlock(&lock);
    return message;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Telling and changing
 */

int messages_report(enum ipc_by by, int32_t number, struct message_report *report)
{
    int error;
    mutex_lock(&lock);
    const struct ipc_object *object = ipc_look_locked(current_table(), by, number, &error);
    if (object) {
        const struct queue *queue = queue_of(object);
        *report = (struct message_report){.ipc = *object,
            .bytes = queue->bytes,
            .messages = queue->count,
            .bytes_max = queue->bytes_max,
            .sent = queue->sent,
            .received = queue->received,
            .changed = queue->changed,
            .sender = queue->sender,
            .receiver = queue->receiver};
        error = object->id;
    }
    mutex_unlock(&lock);
    return error;
}

void messages_totals(struct message_totals *totals)
{
    const struct ipc_table *table = current_table();
    mutex_lock(&lock);
    *totals = (struct message_totals){.highest = ipc_highest_locked(table), .used = table->used};
    for (unsigned i = 0; i < table->room; i++)
        if (table->slots[i]) {
            totals->messages += queue_of(table->slots[i])->count;
            totals->bytes += queue_of(table->slots[i])->bytes;
        }
    mutex_unlock(&lock);
}

int messages_set(int32_t id, const struct ipc_permissions *permissions, uint64_t bytes_max)
{
    int error;
    mutex_lock(&lock);
    struct queue *queue = find(id, 0, &error);
    if (queue)
        error = ipc_owner(&queue->ipc);
    if (!error && bytes_max > message_limits.queue_bytes &&
        !credentials_capable(credentials_current(), CAP_SYS_RESOURCE))
        error = -EPERM;
    if (!error)
        error = ipc_set_permissions(&queue->ipc, permissions);
    if (!error) {
        queue->bytes_max = bytes_max;
        queue->changed = ipc_now();
        serve_senders(queue);
    }
    mutex_unlock(&lock);
    return error;
}

static void end_all(struct list *list)
{
    struct list_node *node;
    while ((node = list_first(list)) != NULL)
        finish(container_of(node, struct waiting, link), -EIDRM);
}

int messages_remove(int32_t id)
{
    int error;
    mutex_lock(&lock);
    struct queue *queue = find(id, 0, &error);
    if (queue)
        error = ipc_owner(&queue->ipc);
    if (!error) {
        end_all(&queue->senders);
        end_all(&queue->receivers);
        ipc_remove_locked(queue->ipc.table, &queue->ipc);
        destroy(&queue->ipc);
    }
    mutex_unlock(&lock);
    return error;
}
