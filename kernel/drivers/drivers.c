/*
 * The drivers that the kernel has: see drivers.h. A new one is one line here, and one in module.mk.
 */
#include "drivers/drivers.h"

const struct pci_driver *const pci_drivers[] = {
    NULL,
};
