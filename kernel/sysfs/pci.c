/*
 * PCI devices, as lspci and others read them: /sys/devices/pci0000:00 has a directory for each, /sys/bus/pci/devices
 * links to them. They are all in one directory, whatever bridges they are behind.
 *
 * parts[0] is the address of the device: segment, bus, device and function.
 */
#include "sysfs/sysfs_internal.h"

#include "drivers/pci/pci.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "proc/proc.h"

#define CONFIG_SIZE 256u
#define CONFIG_OPEN 64u /* what everybody may read of it */
#define RESOURCES 13

static uint64_t number_of(const struct pci_device *device)
{
    const struct pci_address *at = &device->address;
    return (uint64_t)at->segment << 16 | (uint64_t)at->bus << 8 | (uint64_t)at->device << 3 | at->function;
}

static const struct pci_device *device_of(const struct pseudo_node *node)
{
    const struct pci_device *device = NULL;
    while ((device = pci_next(device)) != NULL && number_of(device) != node->parts[0])
        ;
    return device;
}

enum identity { VENDOR, DEVICE, CLASS, REVISION, SUBSYSTEM_VENDOR, SUBSYSTEM_DEVICE };

static int show_identity(struct text *out, const struct pseudo_node *node)
{
    const struct pci_device *d = device_of(node);
    if (d == NULL)
        return -ENODEV;
    const struct {
        uint32_t value;
        int digits;
    } values[] = {
        [VENDOR] = {d->vendor, 4},
        [DEVICE] = {d->device, 4},
        [CLASS] = {d->class, 6},
        [REVISION] = {d->revision, 2},
        [SUBSYSTEM_VENDOR] = {d->subsystem_vendor, 4},
        [SUBSYSTEM_DEVICE] = {d->subsystem, 4},
    };
    text_printf(out, "0x%0*x\n", values[node->entry->argument].digits, values[node->entry->argument].value);
    return 0;
}

static int show_irq(struct text *out, const struct pseudo_node *node)
{
    const struct pci_device *device = device_of(node);
    if (device)
        text_printf(out, "%u\n", device->interrupt_pin ? device->interrupt_line : 0);
    return device ? 0 : -ENODEV;
}

/* Bits of <linux/ioport.h>. */
#define IORESOURCE_IO 0x100u
#define IORESOURCE_MEM 0x200u
#define IORESOURCE_PREFETCH 0x2000u
#define IORESOURCE_SIZEALIGN 0x40000u

static int show_resource(struct text *out, const struct pseudo_node *node)
{
    const struct pci_device *device = device_of(node);
    if (device == NULL)
        return -ENODEV;
    for (unsigned i = 0; i < RESOURCES; i++) {
        const struct pci_bar *bar = i < PCI_BARS ? &device->bars[i] : NULL;
        bool there = bar && bar->kind != PCI_BAR_NONE && bar->address && bar->size;
        unsigned flags = !there                    ? 0
                         : bar->kind == PCI_BAR_IO ? IORESOURCE_SIZEALIGN | IORESOURCE_IO | 1
                         : bar->prefetchable       ? IORESOURCE_SIZEALIGN | IORESOURCE_MEM | IORESOURCE_PREFETCH | 8
                                                   : IORESOURCE_SIZEALIGN | IORESOURCE_MEM;
        text_printf(out, "0x%016lx 0x%016lx 0x%016x\n", there ? bar->address : 0,
            there ? bar->address + bar->size - 1 : 0, flags);
    }
    return 0;
}

static int show_config(struct text *out, const struct pseudo_node *node)
{
    const struct pci_device *device = device_of(node);
    const struct task *self = task_current();
    bool all = self == NULL || credentials_capable(self->credentials, CAP_SYS_ADMIN);
    if (device == NULL)
        return -ENODEV;
    for (unsigned offset = 0; offset < (all ? CONFIG_SIZE : CONFIG_OPEN); offset += 4) {
        uint32_t value = pci_read32(device, offset);
        text_put(out, (const char *)&value, sizeof value);
    }
    return 0;
}

static void put_alias(struct text *out, const struct pci_device *d)
{
    text_printf(out, "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X\n", d->vendor, d->device, d->subsystem_vendor,
        d->subsystem, d->class >> 16 & 0xff, d->class >> 8 & 0xff, d->class & 0xff);
}

static int show_alias(struct text *out, const struct pseudo_node *node)
{
    const struct pci_device *device = device_of(node);
    if (device)
        put_alias(out, device);
    return device ? 0 : -ENODEV;
}

static void put_address(struct text *out, const struct pci_address *at)
{
    text_printf(out, "%04x:%02x:%02x.%u", at->segment, at->bus, at->device, at->function);
}

static int show_event(struct text *out, const struct pseudo_node *node)
{
    const struct pci_device *d = device_of(node);
    if (d == NULL)
        return -ENODEV;
    if (d->driver)
        text_printf(out, "DRIVER=%s\n", d->driver->name);
    text_printf(out, "PCI_CLASS=%X\nPCI_ID=%04X:%04X\nPCI_SUBSYS_ID=%04X:%04X\nPCI_SLOT_NAME=", d->class, d->vendor,
        d->device, d->subsystem_vendor, d->subsystem);
    put_address(out, &d->address);
    text_puts(out, "\nMODALIAS=");
    put_alias(out, d);
    return 0;
}

static const struct pseudo_entry entries[] = {
    SYS_NUMBERED("class", show_identity, CLASS),
    SYS_FILE("config", show_config),
    SYS_NUMBERED("device", show_identity, DEVICE),
    SYS_FILE("irq", show_irq),
    SYS_FILE("modalias", show_alias),
    SYS_TEXT("numa_node", "-1\n"),
    SYS_FILE("resource", show_resource),
    SYS_NUMBERED("revision", show_identity, REVISION),
    SYS_NUMBERED("subsystem_device", show_identity, SUBSYSTEM_DEVICE),
    SYS_NUMBERED("subsystem_vendor", show_identity, SUBSYSTEM_VENDOR),
    SYS_FILE("uevent", show_event),
    SYS_NUMBERED("vendor", show_identity, VENDOR),
    {},
};

/* ------------------------------------------------------------------------------------------------------------------
 * Directories
 */

static bool next_device(const struct pseudo_node *directory, uint64_t *number)
{
    uint64_t lowest = UINT64_MAX;
    for (const struct pci_device *device = NULL; (device = pci_next(device)) != NULL;)
        if (number_of(device) >= *number && number_of(device) < lowest)
            lowest = number_of(device);
    *number = lowest;
    return lowest != UINT64_MAX;
}

static int find_device(const struct pseudo_node *directory, uint64_t number, struct pseudo_node *child)
{
    child->parts[0] = number;
    return 0;
}

static void name_device(const struct pseudo_node *directory, uint64_t number, char *name)
{
    snprintf(name, NAME_LENGTH_MAX + 1, "%04lx:%02lx:%02lx.%lu", number >> 16, number >> 8 & 0xff, number >> 3 & 31,
        number & 7);
}

static int show_target(struct text *out, const struct pseudo_node *node)
{
    const struct pci_device *device = device_of(node);
    if (device == NULL)
        return -ENODEV;
    text_puts(out, "../../../devices/pci0000:00/");
    put_address(out, &device->address);
    return 0;
}

const struct pseudo_children sysfs_pci_devices = {.entry = {.mode = S_IFDIR | 0755, .entries = entries},
    .next = next_device,
    .find = find_device,
    .name = name_device};
const struct pseudo_children sysfs_pci_links = {.entry = {.mode = S_IFLNK | 0777, .target = show_target},
    .next = next_device,
    .find = find_device,
    .name = name_device};
