/*
 * What the files of this folder share: access to configuration space, which tests replace, and the list of devices.
 */
#ifndef CORRODE_DRIVERS_PCI_INTERNAL_H
#define CORRODE_DRIVERS_PCI_INTERNAL_H

#include "drivers/pci/pci.h"

/*
 * Configuration space. SIZE is 1, 2 or 4, OFFSET a multiple of it and below 4096. What is not there reads as all ones,
 * and swallows what is written.
 */
struct pci_config_ops {
    uint32_t (*read)(struct pci_address address, unsigned offset, unsigned size);
    void (*write)(struct pci_address address, unsigned offset, unsigned size, uint32_t value);
};
extern const struct pci_config_ops *pci_config;

/* config.c: how this machine does it; false: it has no PCI. */
bool pci_config_init(void);

/* scan.c: finds the devices behind bus 0 of SEGMENT. There may be no more than this in all. */
#define PCI_MAX_DEVICES 1024
void pci_scan(uint16_t segment);
void pci_forget(void); /* for tests: frees all devices */

/* interrupt.c: the part of it there: no wire leads to a device. */
void pci_intx_forget(void);

/* bar.c: fills device->bars. */
void pci_read_bars(struct pci_device *device);

#endif
