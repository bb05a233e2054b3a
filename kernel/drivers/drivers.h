/*
 * The drivers that the kernel has.
 */
#ifndef CORRODE_DRIVERS_H
#define CORRODE_DRIVERS_H

#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"

/* For pci_init: in the order in which they are asked; ends in NULL. */
extern const struct pci_driver *const pci_drivers[];

/* One for each type of virtio device; ends in NULL. */
extern const struct virtio_driver *const virtio_drivers[];

#endif
