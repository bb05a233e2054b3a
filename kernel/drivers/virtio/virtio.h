/*
 * Virtio devices: negotiating with them, and the queues through which data goes back and forth.
 *
 * A driver is a row in the table of drivers.h. Its `probe` sets the device up in this order:
 *
 *     int result = virtio_begin(device, FEATURES_THAT_I_KNOW);
 *     struct virtio_queue *queue = virtio_queue_create(device, 0, 64, handler, me, "rng", INTERRUPT_ANY_CPU);
 *     virtio_ready(device);
 *
 * and then, for each request:
 *
 *     struct virtio_buffer buffers[] = {{header, 16}, {data, 512}};     physical addresses
 *     virtio_queue_add(queue, buffers, 1, 1, request);                  one that the device reads, one that it writes
 *     virtio_queue_kick(queue);
 *
 *     while ((request = virtio_queue_take(queue, &length)) != NULL)     in the handler, or by polling
 *
 * What fails in probe calls virtio_fail, which gives everything back.
 *
 * A queue has no lock: its functions are called by one at a time, which is the driver's business. The handler runs with
 * interrupts off and may do all of the above but create queues.
 *
 * Devices are not trusted: what a device writes into a queue is checked against what it was given. One that breaks the
 * rules is not listened to any more: the queue is `broken`, and takes and gives nothing.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.2, 2.1 (status), 2.2 (features), 2.7 (split virtqueues), 3.1 (set-up).
 */
#ifndef CORRODE_DRIVERS_VIRTIO_H
#define CORRODE_DRIVERS_VIRTIO_H

#include "arch/x86_64/interrupt.h"
#include "lib/types.h"

enum virtio_type { VIRTIO_NET = 1, VIRTIO_BLOCK = 2, VIRTIO_CONSOLE = 3, VIRTIO_RNG = 4, VIRTIO_9P = 9 };

/* Features of the queues, which are negotiated for all drivers alike. */
#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)

#define VIRTIO_QUEUES_MAX 16 /* of one device, as far as we use them */
#define VIRTIO_QUEUE_SIZE_MAX 256

struct virtio_queue;

struct virtio_device {
    uint16_t type;     /* enum virtio_type */
    uint64_t features; /* what both sides know, after virtio_begin */
    const struct virtio_transport_ops *transport;
    void *transport_data; /* the transport's */
    const struct virtio_driver *driver;
    void *driver_data; /* the driver's */
    struct virtio_queue *queues[VIRTIO_QUEUES_MAX];
};

struct virtio_driver {
    const char *name;
    uint16_t type; /* enum virtio_type */
    /* Takes the device: 0 or a negative errno, of which -EEXIST says that it needs no more of them. It may sleep. */
    int (*probe)(struct virtio_device *device);
};

/*
 * Resets the device and agrees on features: of FEATURES those that the device offers, see device->features. 0; -EIO: it
 * does not reset, or does not accept; -ENOTSUP: it only speaks what came before version 1.
 */
int virtio_begin(struct virtio_device *device, uint64_t features);

/* From now on the device works: after its queues have been created. */
void virtio_ready(struct virtio_device *device);

/* Resets the device, and frees queues and interrupts: afterwards no handler runs. Thread context. */
void virtio_fail(struct virtio_device *device);

/* SIZE bytes of the device's own configuration, at OFFSET: read again until they belong together. False: it has none
 * there. */
bool virtio_read_config(struct virtio_device *device, unsigned offset, void *to, size_t size);

/* ------------------------------------------------------------------------------------------------------------------
 * Queues
 */

/*
 * Queue number INDEX, of at most SIZE descriptors. HANDLER is called for its interrupts, on CPU, which may also come
 * without a cause; NULL: the queue is polled and the device need not interrupt. NULL: there is no such queue, no
 * memory, or no vector; virtio_fail then frees what there is.
 */
typedef void virtio_handler(struct virtio_queue *queue, void *argument);
struct virtio_queue *virtio_queue_create(struct virtio_device *device, unsigned index, unsigned size,
    virtio_handler *handler, void *argument, const char *name, unsigned cpu);

struct virtio_buffer {
    paddr_t address;
    uint32_t length; /* bytes, not 0 */
};

/*
 * Hands a chain of buffers over: OUT that the device reads, then IN that it writes. TOKEN is not NULL, and what
 * virtio_queue_take returns when the device is done. 0; -ENOSPC: not so many free descriptors; -EIO: the queue is
 * broken; -EINVAL.
 */
int virtio_queue_add(
    struct virtio_queue *queue, const struct virtio_buffer *buffers, unsigned out, unsigned in, void *token);

/* Tells the device of what was added, if it wants to be told. */
void virtio_queue_kick(struct virtio_queue *queue);

/* The next chain that the device is done with: its token, and how many bytes the device wrote; NULL: none. */
void *virtio_queue_take(struct virtio_queue *queue, uint32_t *length);

/*
 * Asks for interrupts, or for none: a hint, they may come all the same. They are on at first, where there is a handler.
 * Turning them on returns false when there is something to take already, for which no interrupt will come.
 */
bool virtio_queue_interrupts(struct virtio_queue *queue, bool on);

unsigned virtio_queue_size(const struct virtio_queue *queue);
unsigned virtio_queue_free_count(const struct virtio_queue *queue); /* descriptors */
bool virtio_queue_is_broken(const struct virtio_queue *queue);

#endif
