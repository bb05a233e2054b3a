/*
 * Configuration space on a PC: as memory, where the table MCFG has put it (PCI Express, all 4096 bytes of a function),
 * or through the ports CF8h and CFCh (the first 256).
 *
 * Each bus is mapped when it is first used, 1 MiB. Before the memory is trusted, a bus must show the same first device
 * there as through the ports: some firmware tells of a range that the chipset does not decode.
 *
 * `port_lock` (rank PCI_CONFIG) keeps the two port accesses of one operation together. Mappings are added by one
 * thread, the one that scans, and stay; others only read them.
 *
 * Sources: PCI Local Bus 3.0, 3.2.2.3.2 (configuration mechanism #1); PCI Express Base 3.0, 7.2.2.
 */
#include "drivers/pci/pci_internal.h"

#include "arch/acpi/acpi.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/spinlock.h"
#include "log.h"
#include "mm/slab.h"
#include "mm/vmap.h"

#define LOG_NAME "pci"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE (1u << 31)
#define PORT_SPACE 256

#define BUS_SIZE MIB(1)
#define MAX_RANGES 16

static struct spinlock port_lock = SPINLOCK_INIT(PCI_CONFIG);
static bool has_ports;

/* What MCFG tells, and each bus's mapping: NULL: not tried yet; &no_bus: not to be used. */
static struct range {
    const struct acpi_mcfg *mcfg;
    volatile uint8_t **buses;
} ranges[MAX_RANGES];
static volatile uint8_t no_bus;

/* ------------------------------------------------------------------------------------------------------------------
 * Ports
 */

static uint32_t port_select(struct pci_address address, unsigned offset)
{
    return CONFIG_ENABLE | (uint32_t)address.bus << 16 | (uint32_t)address.device << 11 |
           (uint32_t)address.function << 8 | (offset & 0xfc);
}

static uint32_t port_read(struct pci_address address, unsigned offset, unsigned size)
{
    if (!has_ports || address.segment != 0 || offset >= PORT_SPACE)
        return 0xffffffff;
    spin_lock(&port_lock);
    outl(CONFIG_ADDRESS, port_select(address, offset));
    uint32_t value = inl(CONFIG_DATA) >> 8 * (offset & 3);
    spin_unlock(&port_lock);
    return size == 4 ? value : value & ((1u << 8 * size) - 1);
}

static void port_write(struct pci_address address, unsigned offset, unsigned size, uint32_t value)
{
    uint16_t port = (uint16_t)(CONFIG_DATA + (offset & 3));
    if (!has_ports || address.segment != 0 || offset >= PORT_SPACE)
        return;
    spin_lock(&port_lock);
    outl(CONFIG_ADDRESS, port_select(address, offset));
    if (size == 1)
        outb(port, (uint8_t)value);
    else if (size == 2)
        outw(port, (uint16_t)value);
    else
        outl(port, value);
    spin_unlock(&port_lock);
}

/* The address register keeps what is written to it; nothing else at that port does. */
static bool ports_exist(void)
{
    uint32_t before = inl(CONFIG_ADDRESS);
    outl(CONFIG_ADDRESS, CONFIG_ENABLE);
    bool kept = inl(CONFIG_ADDRESS) == CONFIG_ENABLE;
    outl(CONFIG_ADDRESS, before);
    return kept;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Memory
 */

static struct range *range_of(struct pci_address address)
{
    for (unsigned i = 0; i < MAX_RANGES && ranges[i].mcfg != NULL; i++) {
        const struct acpi_mcfg *m = ranges[i].mcfg;
        if (m->segment == address.segment && m->first_bus <= address.bus && address.bus <= m->last_bus)
            return &ranges[i];
    }
    return NULL;
}

/* Does device 0 of the bus look the same both ways? */
static bool agrees_with_ports(volatile uint8_t *memory, struct pci_address address)
{
    struct pci_address device_0 = {.bus = address.bus};
    if (!has_ports || address.segment != 0)
        return true;
    return *(volatile uint32_t *)memory == port_read(device_0, PCI_VENDOR, 4);
}

static volatile uint8_t *map_bus(const struct range *range, struct pci_address address)
{
    volatile uint8_t *memory =
        vmap_physical(range->mcfg->address + address.bus * BUS_SIZE, BUS_SIZE, MAP_WRITE | MAP_UNCACHED);
    if (memory == NULL)
        return &no_bus;
    if (agrees_with_ports(memory, address))
        return memory;
    log_warning("configuration space of bus %02x is not where MCFG says; ports are used", address.bus);
    vmap_free((void *)memory);
    return &no_bus;
}

/* Where the register is in memory; NULL: it is not there. */
static volatile uint8_t *memory_at(struct pci_address address, unsigned offset)
{
    struct range *range = range_of(address);
    if (range == NULL)
        return NULL;
    volatile uint8_t **bus = &range->buses[address.bus];
    if (*bus == NULL)
        *bus = map_bus(range, address);
    if (*bus == &no_bus)
        return NULL;
    return *bus + ((uint32_t)address.device << 15 | (uint32_t)address.function << 12 | offset);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static uint32_t config_read(struct pci_address address, unsigned offset, unsigned size)
{
    volatile uint8_t *at = memory_at(address, offset);
    if (at == NULL)
        return port_read(address, offset, size);
    if (size == 1)
        return *at;
    return size == 2 ? *(volatile uint16_t *)at : *(volatile uint32_t *)at;
}

static void config_write(struct pci_address address, unsigned offset, unsigned size, uint32_t value)
{
    volatile uint8_t *at = memory_at(address, offset);
    if (at == NULL)
        port_write(address, offset, size, value);
    else if (size == 1)
        *at = (uint8_t)value;
    else if (size == 2)
        *(volatile uint16_t *)at = (uint16_t)value;
    else
        *(volatile uint32_t *)at = value;
}

bool pci_config_init(void)
{
    static const struct pci_config_ops ops = {.read = config_read, .write = config_write};
    unsigned count = 0;
    pci_config = &ops;
    has_ports = ports_exist();
    for (unsigned i = 0; acpi_mcfg(i) != NULL && count < MAX_RANGES; i++) {
        volatile uint8_t **buses = kmalloc(256 * sizeof *buses, ALLOC_ZERO);
        if (buses != NULL)
            ranges[count++] = (struct range){.mcfg = acpi_mcfg(i), .buses = buses};
    }
    return has_ports || count > 0;
}
