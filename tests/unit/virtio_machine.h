/*
 * A virtio device that a test plays, for the tests and the fuzzer of kernel/drivers/virtio: a transport whose memory is
 * the host's, so that physical addresses are pointers, and the device's side of a queue.
 *
 *     struct fake_virtio *fake = virtio_machine_reset();
 *     virtio_begin(&fake->device, 0);
 *     struct virtio_queue *queue = virtio_queue_create(&fake->device, 0, 8, handler, NULL, "test", 0);
 *     ...
 *     fake_complete(fake, fake_next(fake), 17);
 */
#ifndef CORRODE_TESTS_VIRTIO_MACHINE_H
#define CORRODE_TESTS_VIRTIO_MACHINE_H

#include "drivers/virtio/virtio_internal.h"

struct fake_virtio {
    struct virtio_device device;
    uint64_t offered;  /* features */
    uint64_t accepted; /* what the driver wrote */
    uint8_t status;
    char story[256];       /* each status that was written, in hexadecimal */
    bool refuses_features; /* FEATURES_OK does not stay */
    unsigned resets_after; /* reads of the status before it is 0 again; UINT_MAX: never */
    unsigned offered_size; /* of queue 0; there is no other */
    int start_result;
    unsigned notified, stopped;
    uint8_t generation;
    unsigned generation_steps; /* it changes with so many reads of it */

    /* The device's side of queue 0. */
    struct virtio_descriptor *descriptors;
    struct virtio_available *available;
    struct virtio_used *used;
    unsigned size;
    uint16_t seen; /* of the available ring */
};

extern int fake_virtio_allocated;   /* rings and queues that are not freed */
extern unsigned fake_virtio_memory; /* this many allocations succeed */
extern unsigned fake_virtio_errors; /* in the log */

struct fake_virtio *virtio_machine_reset(void);

/* The first descriptor of the next chain that the driver has made available; -1: none. */
int fake_next(struct fake_virtio *fake);

/* Puts an entry into the used ring. */
void fake_complete(struct fake_virtio *fake, uint32_t id, uint32_t length);

#endif
