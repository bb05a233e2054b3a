/*
 * Split virtqueues: see virtio.h.
 *
 * The driver writes chains of descriptors, puts the number of each chain's first descriptor into the available ring,
 * and counts that ring's index up; the device puts the number back through the used ring. Both indices run freely
 * through 16 bits; a place in a ring is the index modulo its size, a power of two.
 *
 * The three parts are in memory that the device may write to at any time, all of it. So nothing is ever read back from
 * there but the used ring and its notification fields: which descriptors are free, how chains hang together and how
 * many bytes they hold is kept in `slots`. From the used ring come an index, which may be ahead of ours by what is
 * under way and no more; a number, which must be that of a chain under way; and a length, which counts only up to what
 * the chain holds. Each is read once.
 *
 * Order: what a descriptor says is written before the index that shows it (release), and the used index is read before
 * the entry (acquire). Between writing the index and asking whether the device wants to be told, all of memory must be
 * in order (a full barrier), or both sides may wait for each other.
 *
 * Source: VIRTIO 1.2, 2.7.5 to 2.7.14; 2.7.7.2 and 2.7.10 (event suppression).
 */
#include "drivers/virtio/virtio_internal.h"

#include "lib/errno.h"
#include "log.h"
#include "mm/slab.h"

#define LOG_NAME "virtio"

#define NO_SLOT 0xffff

static size_t descriptors_size(unsigned size)
{
    return size * sizeof(struct virtio_descriptor);
}

/* With used_event. */
static size_t available_size(unsigned size)
{
    return sizeof(struct virtio_available) + (size + 1) * sizeof(uint16_t);
}

/* With avail_event; it needs an alignment of 4. */
static size_t used_offset(unsigned size)
{
    return align_up(descriptors_size(size) + available_size(size), 4);
}

static size_t ring_size(unsigned size)
{
    return used_offset(size) + sizeof(struct virtio_used) + size * sizeof(struct virtio_used_entry) + sizeof(uint16_t);
}

static volatile uint16_t *used_event(struct virtio_queue *queue)
{
    return &queue->available->ring[queue->size];
}

static volatile uint16_t *avail_event(struct virtio_queue *queue)
{
    return (volatile uint16_t *)&queue->used->ring[queue->size];
}

/* ------------------------------------------------------------------------------------------------------------------
 * Making and destroying
 */

void virtio_queue_addresses(const struct virtio_queue *queue, paddr_t memory, struct virtio_ring_addresses *addresses)
{
    addresses->descriptors = memory;
    addresses->available = memory + descriptors_size(queue->size);
    addresses->used = memory + used_offset(queue->size);
}

static void place_parts(struct virtio_queue *queue, uint8_t *memory)
{
    queue->descriptors = (struct virtio_descriptor *)memory;
    queue->available = (struct virtio_available *)(memory + descriptors_size(queue->size));
    queue->used = (volatile struct virtio_used *)(memory + used_offset(queue->size));
    queue->memory_size = ring_size(queue->size);
}

struct virtio_queue *virtio_queue_make(struct virtio_device *device, unsigned index, unsigned size)
{
    struct virtio_queue *queue = kmalloc(sizeof *queue + size * sizeof queue->slots[0], ALLOC_ZERO);
    if (queue == NULL)
        return NULL;
    queue->device = device;
    queue->index = (uint16_t)index;
    queue->size = (uint16_t)size;
    queue->event_idx = device->features & VIRTIO_F_EVENT_IDX;
    queue->free_count = (uint16_t)size;
    for (unsigned i = 0; i < size; i++)
        queue->slots[i].next = (uint16_t)(i + 1 < size ? i + 1 : NO_SLOT);
    return queue;
}

void virtio_queue_destroy(struct virtio_queue *queue)
{
    if (queue->descriptors != NULL)
        queue->device->transport->release(queue->descriptors, queue->memory_size);
    kfree(queue);
}

/* The largest size that both sides can have: a power of two. */
static unsigned choose_size(unsigned wanted, unsigned offered)
{
    unsigned size = 1, most = (unsigned)min_u64(min_u64(wanted, offered), VIRTIO_QUEUE_SIZE_MAX);
    while (2 * size <= most)
        size *= 2;
    return most == 0 ? 0 : size;
}

struct virtio_queue *virtio_queue_create(struct virtio_device *device, unsigned index, unsigned size,
    virtio_handler *handler, void *argument, const char *name, unsigned cpu)
{
    paddr_t address;
    struct virtio_ring_addresses addresses;
    if (index >= VIRTIO_QUEUES_MAX || device->queues[index] != NULL)
        return NULL;
    size = choose_size(size, device->transport->queue_size(device, index));
    struct virtio_queue *queue = size != 0 ? virtio_queue_make(device, index, size) : NULL;
    if (queue == NULL)
        return NULL;
    uint8_t *memory = device->transport->allocate(ring_size(size), &address);
    if (memory == NULL)
        goto out_destroy;
    place_parts(queue, memory);
    virtio_queue_addresses(queue, address, &addresses);
    queue->handler = handler;
    queue->argument = argument;
    virtio_queue_interrupts(queue, handler != NULL);
    device->queues[index] = queue;
    if (device->transport->queue_start(device, queue, &addresses, name, cpu) < 0)
        goto out_forget;
    return queue;

out_forget:
    device->queues[index] = NULL;
out_destroy:
    virtio_queue_destroy(queue);
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Giving
 */

/* Writes descriptor AT; the next one of the chain, if there is MORE, is the next free one. */
static void write_descriptor(
    struct virtio_queue *queue, unsigned at, const struct virtio_buffer *buffer, bool writable, bool more)
{
    queue->descriptors[at] = (struct virtio_descriptor){
        .address = buffer->address,
        .length = buffer->length,
        .flags = (uint16_t)((writable ? VIRTIO_DESC_WRITE : 0) | (more ? VIRTIO_DESC_NEXT : 0)),
        .next = more ? queue->slots[at].next : 0,
    };
}

int virtio_queue_add(
    struct virtio_queue *queue, const struct virtio_buffer *buffers, unsigned out, unsigned in, void *token)
{
    unsigned count = out + in, at = queue->free_first, first = at;
    uint64_t writable = 0;
    for (unsigned i = out; i < count; i++)
        writable += buffers[i].length;
    if (count == 0 || token == NULL || writable > UINT32_MAX)
        return -EINVAL;
    if (queue->broken)
        return -EIO;
    if (count > queue->free_count)
        return -ENOSPC;

    for (unsigned i = 0; i < count; i++) {
        write_descriptor(queue, at, &buffers[i], i >= out, i + 1 < count);
        at = queue->slots[at].next;
    }
    queue->free_first = (uint16_t)at;
    queue->free_count = (uint16_t)(queue->free_count - count);
    queue->slots[first].token = token;
    queue->slots[first].count = (uint16_t)count;
    queue->slots[first].writable = (uint32_t)writable;

    queue->available->ring[queue->added % queue->size] = (uint16_t)first;
    queue->added++;
    __atomic_store_n(&queue->available->index, queue->added, __ATOMIC_RELEASE);
    return 0;
}

/* Does the device want to be told that the index went from `kicked` to `added`? */
static bool wants_notification(struct virtio_queue *queue)
{
    if (!queue->event_idx)
        return !(queue->used->flags & VIRTIO_USED_NO_NOTIFY);
    uint16_t event = *avail_event(queue);
    return (uint16_t)(queue->added - event - 1) < (uint16_t)(queue->added - queue->kicked);
}

void virtio_queue_kick(struct virtio_queue *queue)
{
    if (queue->broken || queue->kicked == queue->added)
        return;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    bool tell = wants_notification(queue);
    queue->kicked = queue->added;
    if (tell)
        queue->device->transport->notify(queue);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Taking
 */

static void *break_queue(struct virtio_queue *queue, const char *what, unsigned value)
{
    queue->broken = true;
    log_error("a device of type %u broke the rules of queue %u: %s %u; it is not listened to any more",
        queue->device->type, queue->index, what, value);
    return NULL;
}

/* Puts the chain that begins at FIRST into the list of free descriptors. */
static void free_chain(struct virtio_queue *queue, unsigned first)
{
    struct virtio_slot *slot = &queue->slots[first];
    unsigned last = first;
    for (unsigned i = 1; i < slot->count; i++)
        last = queue->slots[last].next;
    queue->slots[last].next = queue->free_first;
    queue->free_first = (uint16_t)first;
    queue->free_count = (uint16_t)(queue->free_count + slot->count);
    slot->token = NULL;
}

void *virtio_queue_take(struct virtio_queue *queue, uint32_t *length)
{
    if (queue->broken)
        return NULL;
    uint16_t ahead = (uint16_t)(__atomic_load_n(&queue->used->index, __ATOMIC_ACQUIRE) - queue->last_used);
    if (ahead == 0)
        return NULL;
    if (ahead > queue->size - queue->free_count)
        return break_queue(queue, "more chains came back than are under way:", ahead);

    volatile struct virtio_used_entry *entry = &queue->used->ring[queue->last_used % queue->size];
    uint32_t id = entry->id, written = entry->length;
    if (id >= queue->size || queue->slots[id].token == NULL)
        return break_queue(queue, "a chain came back that is not under way:", id);
    void *token = queue->slots[id].token;
    *length = (uint32_t)min_u64(written, queue->slots[id].writable);
    free_chain(queue, id);
    queue->last_used++;
    if (queue->interrupts && queue->event_idx) {
        *used_event(queue) = queue->last_used;
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    return token;
}

bool virtio_queue_interrupts(struct virtio_queue *queue, bool on)
{
    queue->interrupts = on;
    if (!queue->event_idx)
        __atomic_store_n(&queue->available->flags, on ? 0 : VIRTIO_AVAIL_NO_INTERRUPT, __ATOMIC_RELAXED);
    else if (on)
        *used_event(queue) = queue->last_used;
    else
        *used_event(queue) = (uint16_t)(queue->last_used - 1); /* the farthest that it can be */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return !on || queue->broken || __atomic_load_n(&queue->used->index, __ATOMIC_RELAXED) == queue->last_used;
}

unsigned virtio_queue_size(const struct virtio_queue *queue)
{
    return queue->size;
}

unsigned virtio_queue_free_count(const struct virtio_queue *queue)
{
    return queue->free_count;
}

bool virtio_queue_is_broken(const struct virtio_queue *queue)
{
    return queue->broken;
}
