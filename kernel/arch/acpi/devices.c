/*
 * Two small tables: HPET, where the high-precision event timer's registers are, and MCFG, where PCI Express has its
 * configuration space as memory.
 *
 * Sources: IA-PC HPET 1.0a, 3.2.4; PCI Firmware Specification 3.3, 4.1.2.
 */
#include "arch/acpi/acpi_internal.h"

#define HPET_ADDRESS 40 /* a generic address */
#define HPET_SIZE 56

#define MCFG_ENTRIES 44
#define MCFG_ENTRY_SIZE 16
#define MAX_MCFG 16

static paddr_t hpet_address;
static struct acpi_mcfg mcfgs[MAX_MCFG];
static unsigned mcfg_count;

void acpi_hpet_read(const struct acpi_table *hpet)
{
    if (hpet_address != 0)
        return; /* a table for each block of timers; the first serves */
    if (hpet->length < HPET_SIZE) {
        acpi_warn("the table HPET is too short; it is left out");
        return;
    }
    paddr_t address = acpi_get64(hpet->bytes + HPET_ADDRESS + 4);
    if (hpet->bytes[HPET_ADDRESS] == ACPI_SPACE_MEMORY && is_aligned(address, 8) && address < 1ull << 52)
        hpet_address = address;
    else
        acpi_warn("the HPET cannot be at %#lx; it is left out", (unsigned long)address);
}

/* Can this be? Buses in order, memory that exists, none that an earlier range has. */
static bool is_sound(const struct acpi_mcfg *range)
{
    if (range->address == 0 || !is_aligned(range->address, MIB(1)) || range->address >= 1ull << 51)
        return false;
    if (range->first_bus > range->last_bus)
        return false;
    for (unsigned i = 0; i < mcfg_count; i++) {
        if (mcfgs[i].segment == range->segment && mcfgs[i].first_bus <= range->last_bus &&
            range->first_bus <= mcfgs[i].last_bus)
            return false;
    }
    return true;
}

void acpi_mcfg_read(const struct acpi_table *mcfg)
{
    for (uint32_t at = MCFG_ENTRIES; at + MCFG_ENTRY_SIZE <= mcfg->length; at += MCFG_ENTRY_SIZE) {
        const uint8_t *p = mcfg->bytes + at;
        struct acpi_mcfg range = {
            .address = acpi_get64(p), .segment = acpi_get16(p + 8), .first_bus = p[10], .last_bus = p[11]};
        if (mcfg_count == MAX_MCFG) {
            acpi_warn("there are more than %u ranges of PCI buses; the rest is left out", MAX_MCFG);
            return;
        }
        if (is_sound(&range))
            mcfgs[mcfg_count++] = range;
        else
            acpi_warn("PCI buses %u to %u of segment %u cannot be at %#lx; they are left out", range.first_bus,
                range.last_bus, range.segment, (unsigned long)range.address);
    }
}

void acpi_devices_init(void)
{
    hpet_address = 0;
    mcfg_count = 0;
}

paddr_t acpi_hpet_address(void)
{
    return hpet_address;
}

const struct acpi_mcfg *acpi_mcfg(unsigned i)
{
    return i < mcfg_count ? &mcfgs[i] : NULL;
}
