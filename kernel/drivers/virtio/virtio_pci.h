/*
 * Virtio devices on the PCI bus.
 */
#ifndef CORRODE_DRIVERS_VIRTIO_PCI_H
#define CORRODE_DRIVERS_VIRTIO_PCI_H

#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"

/* Takes every virtio device and offers it to the virtio drivers (drivers.h). */
extern const struct pci_driver virtio_pci_driver;

/* Takes a device away from its driver, which must not use it any more: resets it, and frees all that it had. Thread
 * context. */
void virtio_pci_release(struct virtio_device *device);

#endif
