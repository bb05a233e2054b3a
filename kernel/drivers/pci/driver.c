/*
 * From devices to drivers: who matches is asked in the order of the table, and the first that takes a device has it.
 */
#include "drivers/pci/pci_internal.h"

#include "arch/acpi/acpi.h"
#include "log.h"

#define LOG_NAME "pci"

static bool matches(const struct pci_match *match, const struct pci_device *device)
{
    return (match->vendor == PCI_ANY || match->vendor == device->vendor) &&
           (match->device == PCI_ANY || match->device == device->device) &&
           ((match->class ^ device->class) & match->class_mask) == 0;
}

static bool is_for(const struct pci_driver *driver, const struct pci_device *device)
{
    for (unsigned i = 0; i < driver->match_count; i++) {
        if (matches(&driver->matches[i], device))
            return true;
    }
    return false;
}

static void offer(struct pci_device *device, const struct pci_driver *const *drivers)
{
    for (; *drivers != NULL && device->driver == NULL; drivers++) {
        if (!is_for(*drivers, device))
            continue;
        int result = (*drivers)->probe(device);
        if (result == 0)
            device->driver = *drivers;
        else
            log_debug("%02x:%02x.%u: %s does not take it (error %d)", device->address.bus, device->address.device,
                device->address.function, (*drivers)->name, -result);
    }
}

static void report(const struct pci_device *device)
{
    log_debug("%04x:%02x:%02x.%u %04x:%04x class %06x%s%s", device->address.segment, device->address.bus,
        device->address.device, device->address.function, device->vendor, device->device, device->class,
        device->driver != NULL ? ", driven by " : "", device->driver != NULL ? device->driver->name : "");
}

/* Segment 0 is there without MCFG; every other once, however many ranges it has. */
static void scan_all(void)
{
    pci_scan(0);
    for (unsigned i = 0; acpi_mcfg(i) != NULL; i++) {
        uint16_t segment = acpi_mcfg(i)->segment;
        bool is_new = segment != 0;
        for (unsigned j = 0; j < i; j++)
            is_new = is_new && acpi_mcfg(j)->segment != segment;
        if (is_new)
            pci_scan(segment);
    }
}

void pci_init(const struct pci_driver *const *drivers)
{
    unsigned count = 0;
    if (!pci_config_init()) {
        log_info("this machine has no PCI");
        return;
    }
    scan_all();
    for (struct pci_device *device = pci_next(NULL); device != NULL; device = pci_next(device)) {
        offer(device, drivers);
        report(device);
        count++;
    }
    log_info("%u devices", count);
}
