/*
 * The drivers that the kernel has: see drivers.h. A new one is one line here, and one in module.mk.
 */
#include "drivers/drivers.h"

#include "drivers/virtio/virtio_console.h"
#include "drivers/virtio/virtio_pci.h"
#include "drivers/virtio/virtio_rng.h"

const struct pci_driver *const pci_drivers[] = {
    &virtio_pci_driver,
    NULL,
};

const struct virtio_driver *const virtio_drivers[] = {
    &virtio_rng_driver,
    &virtio_console_driver,
    NULL,
};
