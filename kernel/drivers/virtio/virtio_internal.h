/*
 * What lies below the drivers: how a device is reached (virtio_pci.c, or a test), and what a queue is made of.
 */
#ifndef CORRODE_DRIVERS_VIRTIO_INTERNAL_H
#define CORRODE_DRIVERS_VIRTIO_INTERNAL_H

#include "drivers/virtio/virtio.h"

enum virtio_status {
    VIRTIO_ACKNOWLEDGE = 1,
    VIRTIO_DRIVER = 2,
    VIRTIO_DRIVER_OK = 4,
    VIRTIO_FEATURES_OK = 8,
    VIRTIO_NEEDS_RESET = 64,
    VIRTIO_FAILED = 128,
};

/* Where the device finds the three parts of a queue. */
struct virtio_ring_addresses {
    paddr_t descriptors, available, used;
};

/* Every slot must be there. */
struct virtio_transport_ops {
    uint64_t (*read_features)(struct virtio_device *device);
    void (*write_features)(struct virtio_device *device, uint64_t features);
    uint8_t (*read_status)(struct virtio_device *device);
    void (*write_status)(struct virtio_device *device, uint8_t status);

    /* How many descriptors queue INDEX has at most; 0: there is no such queue. */
    unsigned (*queue_size)(struct virtio_device *device, unsigned index);
    /* Sets the queue's interrupt up, and starts it. 0 or a negative errno. */
    int (*queue_start)(struct virtio_device *device, struct virtio_queue *queue,
        const struct virtio_ring_addresses *addresses, const char *name, unsigned cpu);
    void (*notify)(struct virtio_queue *queue);
    /* Frees the interrupts, after the device was reset: afterwards no handler runs. */
    void (*stop)(struct virtio_device *device);

    /* Changes when the configuration does. */
    uint8_t (*config_generation)(struct virtio_device *device);
    bool (*read_config)(struct virtio_device *device, unsigned offset, void *to, size_t size);

    /* SIZE bytes of zeros that the device can reach, page-aligned, contiguous; NULL: no memory. */
    void *(*allocate)(size_t size, paddr_t *address);
    void (*release)(void *memory, size_t size);
};

/* The parts of a queue as the device sees them: 2.7.5, 2.7.6, 2.7.8. */
#define VIRTIO_DESC_NEXT 1
#define VIRTIO_DESC_WRITE 2
struct virtio_descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

#define VIRTIO_AVAIL_NO_INTERRUPT 1
struct virtio_available {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[]; /* and, behind the last, used_event */
};

#define VIRTIO_USED_NO_NOTIFY 1
struct virtio_used_entry {
    uint32_t id;
    uint32_t length;
};
struct virtio_used {
    uint16_t flags;
    uint16_t index;
    struct virtio_used_entry ring[]; /* and, behind the last, avail_event: 16 bits */
};

/* What we remember of a descriptor, where the device cannot change it. */
struct virtio_slot {
    void *token;       /* of the chain that begins here; NULL: none does */
    uint32_t writable; /* bytes that the device may write into the chain */
    uint16_t count;    /* descriptors in the chain */
    uint16_t next;     /* in the chain, or in the list of free ones */
};

struct virtio_queue {
    struct virtio_device *device;
    virtio_handler *handler;
    void *argument;
    uint16_t index; /* which of the device's queues */
    uint16_t size;  /* descriptors: a power of two */
    bool broken;
    bool event_idx;  /* VIRTIO_F_EVENT_IDX was agreed on */
    bool interrupts; /* they are wanted */

    struct virtio_descriptor *descriptors;
    struct virtio_available *available;
    volatile struct virtio_used *used;
    size_t memory_size; /* of the three together, which begin at `descriptors` */

    uint16_t free_first, free_count;
    uint16_t added;       /* available->index, ours */
    uint16_t kicked;      /* `added` when the device was last told */
    uint16_t last_used;   /* the next entry of `used` to look at */
    void *transport_data; /* the transport's: where to notify */
    struct virtio_slot slots[];
};

/* memory.c: struct virtio_transport_ops.allocate and release for devices that see memory as the CPUs do. */
void *virtio_memory_allocate(size_t size, paddr_t *address);
void virtio_memory_release(void *memory, size_t size);

/* queue.c */
struct virtio_queue *virtio_queue_make(struct virtio_device *device, unsigned index, unsigned size);
void virtio_queue_addresses(const struct virtio_queue *queue, paddr_t memory, struct virtio_ring_addresses *addresses);
void virtio_queue_destroy(struct virtio_queue *queue);

#endif
