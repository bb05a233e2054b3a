/*
 * The virtio entropy device: random bytes from the machine monitor, for the random number generator.
 */
#ifndef CORRODE_DRIVERS_VIRTIO_RNG_H
#define CORRODE_DRIVERS_VIRTIO_RNG_H

#include "drivers/virtio/virtio.h"

extern const struct virtio_driver virtio_rng_driver;

/* Bytes that have come from it so far. Any context. */
uint64_t virtio_rng_received(void);

/* Asks for more, unless that has been done: they come later. Any context but NMI. False: there is no such device. */
bool virtio_rng_request(void);

#endif
