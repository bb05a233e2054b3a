/*
 * Finding devices: every bus is looked at for 32 devices, those that say so for 8 functions; a bridge leads to another
 * bus. Bus numbers and addresses are the firmware's: nothing is assigned here.
 *
 * Buses wait in a bitmap until they have been looked at, and each is looked at once, whatever bridges claim: so the
 * search ends. Devices that answer everywhere end it too, at PCI_MAX_DEVICES.
 *
 * The list grows only here, while the kernel starts, in one thread.
 *
 * Sources: PCI Local Bus 3.0, 6.1 and 6.2.1; PCI-to-PCI Bridge 1.2, 3.2.5.4.
 */
#include "drivers/pci/pci_internal.h"

#include "log.h"
#include "mm/slab.h"

#define LOG_NAME "pci"

#define HEADER_BRIDGE 1
#define HEADER_MULTIFUNCTION 0x80

#define BUSES 256
#define DEVICES 32
#define FUNCTIONS 8

static struct pci_device *first;
static struct pci_device **last = &first; /* where the next one is linked in */
static unsigned device_count;

struct scan {
    uint16_t segment;
    uint64_t found[BUSES / 64]; /* a bridge leads there */
    uint64_t done[BUSES / 64];
};

static uint32_t read_at(struct pci_address address, unsigned offset, unsigned size)
{
    return pci_config->read(address, offset, size);
}

/* A function is there when its vendor is one that can be. */
static bool is_present(struct pci_address address)
{
    uint32_t vendor = read_at(address, PCI_VENDOR, 2);
    return vendor != 0xffff && vendor != 0;
}

static void add_bus(struct scan *scan, const struct pci_device *bridge)
{
    unsigned bus = pci_read8(bridge, PCI_SECONDARY_BUS);
    if (bus == 0)
        log_info("%02x:%02x.%u is a bridge that leads nowhere", bridge->address.bus, bridge->address.device,
            bridge->address.function);
    else if (scan->found[bus / 64] >> bus % 64 & 1)
        log_warning("%02x:%02x.%u claims to lead to bus %02x, which has been found elsewhere", bridge->address.bus,
            bridge->address.device, bridge->address.function, bus);
    else
        scan->found[bus / 64] |= 1ull << bus % 64;
}

static void read_identity(struct pci_device *device)
{
    device->vendor = pci_read16(device, PCI_VENDOR);
    device->device = pci_read16(device, PCI_DEVICE);
    device->class = pci_read32(device, PCI_REVISION) >> 8;
    device->revision = pci_read8(device, PCI_REVISION);
    device->header_type = pci_read8(device, PCI_HEADER_TYPE) & ~HEADER_MULTIFUNCTION;
    device->interrupt_line = pci_read8(device, PCI_INTERRUPT_LINE);
    device->interrupt_pin = pci_read8(device, PCI_INTERRUPT_PIN);
    if (device->header_type == 0) {
        device->subsystem_vendor = pci_read16(device, PCI_SUBSYSTEM_VENDOR);
        device->subsystem = pci_read16(device, PCI_SUBSYSTEM);
    }
}

/* Adds the function; false: there is no room for another. */
static bool add_function(struct scan *scan, struct pci_address address)
{
    bool room = device_count < PCI_MAX_DEVICES;
    struct pci_device *device = room ? kmalloc(sizeof *device, ALLOC_ZERO) : NULL;
    if (device == NULL) {
        log_warning("no %s for more than %u devices; the rest is left out", room ? "memory" : "room", device_count);
        return false;
    }
    device->address = address;
    read_identity(device);
    pci_read_bars(device);
    *last = device;
    last = &device->next;
    device_count++;
    if (device->header_type == HEADER_BRIDGE)
        add_bus(scan, device);
    return true;
}

static bool scan_device(struct scan *scan, struct pci_address address)
{
    unsigned functions = 1;
    if (!is_present(address))
        return true;
    if (read_at(address, PCI_HEADER_TYPE, 1) & HEADER_MULTIFUNCTION)
        functions = FUNCTIONS;
    for (address.function = 0; address.function < functions; address.function++) {
        if ((address.function == 0 || is_present(address)) && !add_function(scan, address))
            return false;
    }
    return true;
}

static bool scan_bus(struct scan *scan, unsigned bus)
{
    struct pci_address address = {.segment = scan->segment, .bus = (uint8_t)bus};
    for (address.device = 0; address.device < DEVICES; address.device++) {
        address.function = 0;
        if (!scan_device(scan, address))
            return false;
    }
    return true;
}

/* A bus that has been found and not been looked at; -1: none. */
static int next_bus(const struct scan *scan)
{
    for (int i = 0; i < BUSES / 64; i++) {
        uint64_t open = scan->found[i] & ~scan->done[i];
        if (open != 0)
            return 64 * i + __builtin_ctzll(open);
    }
    return -1;
}

void pci_scan(uint16_t segment)
{
    struct scan scan = {.segment = segment, .found = {1}};
    int bus;
    while ((bus = next_bus(&scan)) >= 0) {
        scan.done[bus / 64] |= 1ull << bus % 64;
        if (!scan_bus(&scan, (unsigned)bus))
            return;
    }
}

struct pci_device *pci_next(const struct pci_device *device)
{
    return device == NULL ? first : device->next;
}

void pci_forget(void)
{
    pci_intx_forget();
    while (first != NULL) {
        struct pci_device *device = first;
        first = device->next;
        kfree(device);
    }
    last = &first;
    device_count = 0;
}
