/*
 * Virtio devices on the PCI bus.
 */
#ifndef CORRODE_DRIVERS_VIRTIO_PCI_H
#define CORRODE_DRIVERS_VIRTIO_PCI_H

#include "drivers/pci/pci.h"

/* Takes every virtio device and offers it to the virtio drivers (drivers.h). */
extern const struct pci_driver virtio_pci_driver;

#endif
