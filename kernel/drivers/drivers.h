/*
 * The drivers that the kernel has.
 */
#ifndef CORRODE_DRIVERS_H
#define CORRODE_DRIVERS_H

#include "drivers/pci/pci.h"

/* For pci_init: in the order in which they are asked; ends in NULL. */
extern const struct pci_driver *const pci_drivers[];

#endif
