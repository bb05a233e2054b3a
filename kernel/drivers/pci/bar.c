/*
 * One device's configuration space: its base address registers, and the list of its capabilities.
 *
 * How large the range behind a BAR is, it says when all ones are written to it: the bits that stay zero are the size.
 * In that moment the range would be somewhere else, so the device's decoding is off, and so are interrupts: a driver's
 * handler must not find its registers gone. Host bridges are left alone, for turning their decoding off may take away
 * all memory.
 *
 * Nothing is logged in between, because the screen may be behind the BAR.
 *
 * Source: PCI Local Bus 3.0, 6.2.5 (base addresses), 6.7 (capabilities).
 */
#include "drivers/pci/pci_internal.h"

#include "arch/x86_64/io.h"
#include "mm/vmap.h"

#define BAR_IO (1u << 0)
#define BAR_PREFETCHABLE (1u << 3)
#define BAR_TYPE(low) ((low) >> 1 & 3)
#define BAR_TYPE_32 0
#define BAR_TYPE_BELOW_1M 1
#define BAR_TYPE_64 2

#define CLASS_HOST_BRIDGE 0x0600
#define ADDRESS_LIMIT (1ull << 52)

#define CAPABILITY_FIRST 0x40

static uint64_t low_bit(uint64_t n)
{
    return n & -n;
}

/* What BAR number I holds when all ones are written to it. */
static uint32_t probe_bar(const struct pci_device *device, unsigned i, uint32_t value)
{
    unsigned offset = PCI_BAR0 + 4 * i;
    pci_write32(device, offset, 0xffffffff);
    uint32_t probed = pci_read32(device, offset);
    pci_write32(device, offset, value);
    return probed;
}

/* A range that cannot be is as good as none. */
static void set_bar(struct pci_bar *bar, enum pci_bar_kind kind, uint64_t address, uint64_t mask, uint64_t limit)
{
    uint64_t size = low_bit(mask);
    if (size == 0 || size > limit)
        return;
    bar->kind = (uint8_t)kind;
    bar->size = size;
    bar->address = is_aligned(address, size) && address < limit && size <= limit - address ? address : 0;
}

/* Reads BAR number I of COUNT; returns how many registers it takes. */
static unsigned read_bar(struct pci_device *device, unsigned i, unsigned count)
{
    struct pci_bar *bar = &device->bars[i];
    uint32_t low = pci_read32(device, PCI_BAR0 + 4 * i);
    uint32_t mask = probe_bar(device, i, low);
    if (mask == 0 || mask == 0xffffffff)
        return 1;
    if (low & BAR_IO) {
        set_bar(bar, PCI_BAR_IO, low & ~3u, mask & 0xfffc, 0x10000);
        return 1;
    }
    bar->prefetchable = low & BAR_PREFETCHABLE;
    if (BAR_TYPE(low) == BAR_TYPE_64 && i + 1 < count) {
        uint32_t high = pci_read32(device, PCI_BAR0 + 4 * (i + 1));
        uint64_t high_mask = probe_bar(device, i + 1, high);
        set_bar(
            bar, PCI_BAR_MEMORY, (low & ~15u) | (uint64_t)high << 32, (mask & ~15u) | high_mask << 32, ADDRESS_LIMIT);
        return 2;
    }
    if (BAR_TYPE(low) == BAR_TYPE_32 || BAR_TYPE(low) == BAR_TYPE_BELOW_1M)
        set_bar(bar, PCI_BAR_MEMORY, low & ~15u, mask & ~15u, GIB(4));
    return 1;
}

void pci_read_bars(struct pci_device *device)
{
    unsigned count = device->header_type == 0 ? PCI_BARS : device->header_type == 1 ? 2 : 0;
    if (device->class >> 8 == CLASS_HOST_BRIDGE)
        return;
    bool interrupts = cpu_interrupts_disable();
    uint16_t command = pci_read16(device, PCI_COMMAND);
    pci_write16(device, PCI_COMMAND, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    for (unsigned i = 0; i < count;)
        i += read_bar(device, i, count);
    pci_write16(device, PCI_COMMAND, command);
    if (interrupts)
        cpu_interrupts_enable();
}

void *pci_map_bar(const struct pci_device *device, unsigned i, uint64_t offset, uint64_t size)
{
    const struct pci_bar *bar = i < PCI_BARS ? &device->bars[i] : NULL;
    if (bar == NULL || bar->kind != PCI_BAR_MEMORY || bar->address == 0)
        return NULL;
    if (size == 0 || offset > bar->size || size > bar->size - offset)
        return NULL;
    return vmap_physical(bar->address + offset, size, MAP_WRITE | MAP_UNCACHED);
}

/* The list may have loops and may lead anywhere: it ends where it comes by a second time. */
unsigned pci_capability(const struct pci_device *device, enum pci_capability_id id, unsigned previous)
{
    uint64_t seen = 0; /* one bit for each place where a capability may begin */
    bool wanted = previous == 0;
    if (!(pci_read16(device, PCI_STATUS) & PCI_STATUS_CAPABILITIES))
        return 0;
    unsigned at = pci_read8(device, PCI_CAPABILITIES) & ~3u;
    while (at >= CAPABILITY_FIRST && !(seen >> at / 4 & 1)) {
        uint16_t header = pci_read16(device, at); /* ID, and where the next one is */
        seen |= 1ull << at / 4;
        if (wanted && (header & 0xff) == id)
            return at;
        wanted = wanted || at == previous;
        at = header >> 8 & ~3u;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------ */

const struct pci_config_ops *pci_config;

uint8_t pci_read8(const struct pci_device *device, unsigned offset)
{
    return (uint8_t)pci_config->read(device->address, offset, 1);
}

uint16_t pci_read16(const struct pci_device *device, unsigned offset)
{
    return (uint16_t)pci_config->read(device->address, offset, 2);
}

uint32_t pci_read32(const struct pci_device *device, unsigned offset)
{
    return pci_config->read(device->address, offset, 4);
}

void pci_write8(const struct pci_device *device, unsigned offset, uint8_t value)
{
    pci_config->write(device->address, offset, 1, value);
}

void pci_write16(const struct pci_device *device, unsigned offset, uint16_t value)
{
    pci_config->write(device->address, offset, 2, value);
}

void pci_write32(const struct pci_device *device, unsigned offset, uint32_t value)
{
    pci_config->write(device->address, offset, 4, value);
}

void pci_enable(const struct pci_device *device, uint16_t command_bits)
{
    pci_write16(device, PCI_COMMAND, pci_read16(device, PCI_COMMAND) | command_bits);
}

void pci_disable(const struct pci_device *device, uint16_t command_bits)
{
    pci_write16(device, PCI_COMMAND, pci_read16(device, PCI_COMMAND) & ~command_bits);
}
