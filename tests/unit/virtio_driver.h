/*
 * A virtio driver for the tests of the PCI transport: it creates as many queues as it is told, and remembers what it
 * got.
 */
#ifndef CORRODE_TESTS_VIRTIO_DRIVER_H
#define CORRODE_TESTS_VIRTIO_DRIVER_H

#include "drivers/drivers.h"

extern unsigned test_driver_queues;                 /* how many to create */
extern struct virtio_device *test_device;           /* the last that was probed; NULL: it was given up */
extern int test_driver_begin;                       /* what virtio_begin said */
extern unsigned test_interrupts[VIRTIO_QUEUES_MAX]; /* calls of each queue's handler */

#endif
