/*
 * I/O APICs: the pins at which device interrupts without messages arrive, each with a table entry that says which
 * vector of which CPU it becomes. Global system interrupts (GSIs) number the pins of all of them through.
 *
 * The list is made once, by interrupt_init; the registers are reached through an index and a data register, which the
 * INTERRUPT lock guards.
 *
 * Source: Intel 82093AA data sheet, chapter 3; ACPI 6.5, 5.2.13 (GSIs).
 */
#include "arch/acpi/acpi.h"
#include "arch/x86_64/interrupt_internal.h"
#include "log.h"

#define LOG_NAME "ioapic"

#define IOAPIC_MAX 64

#define IOREGSEL 0 /* of 32-bit words */
#define IOWIN 4
#define IOAPICVER 0x01
#define IOREDTBL(pin) (0x10 + 2 * (pin))

#define REDIRECT_LOW (1u << 13)   /* the line is active when low */
#define REDIRECT_LEVEL (1u << 15) /* level-triggered */
#define REDIRECT_MASKED (1u << 16)
#define REDIRECT_DESTINATION 24 /* in the upper half: an APIC ID of 8 bits, physical mode */

static struct ioapic {
    volatile uint32_t *registers;
    unsigned gsi_base, pins;
} ioapics[IOAPIC_MAX];
static unsigned ioapic_count;

static uint32_t read(const struct ioapic *ioapic, unsigned reg)
{
    ioapic->registers[IOREGSEL] = reg;
    return ioapic->registers[IOWIN];
}

static void write(const struct ioapic *ioapic, unsigned reg, uint32_t value)
{
    ioapic->registers[IOREGSEL] = reg;
    ioapic->registers[IOWIN] = value;
}

static const struct ioapic *find(unsigned gsi)
{
    for (unsigned i = 0; i < ioapic_count; i++)
        if (gsi - ioapics[i].gsi_base < ioapics[i].pins)
            return &ioapics[i];
    return NULL;
}

bool ioapic_has_gsi(unsigned gsi)
{
    return find(gsi) != NULL;
}

void ioapic_mask(unsigned gsi)
{
    const struct ioapic *ioapic = find(gsi);
    write(ioapic, IOREDTBL(gsi - ioapic->gsi_base), REDIRECT_MASKED);
}

void ioapic_connect(unsigned gsi, unsigned vector, uint32_t apic_id, bool level, bool active_low)
{
    const struct ioapic *ioapic = find(gsi);
    unsigned reg = IOREDTBL(gsi - ioapic->gsi_base);
    write(ioapic, reg, REDIRECT_MASKED);
    write(ioapic, reg + 1, apic_id << REDIRECT_DESTINATION);
    write(ioapic, reg, vector | (level ? REDIRECT_LEVEL : 0) | (active_low ? REDIRECT_LOW : 0));
}

static void add(const struct acpi_ioapic *found)
{
    struct ioapic *ioapic = &ioapics[ioapic_count];
    ioapic->registers = interrupt_map_controller(1 + ioapic_count, found->address);
    ioapic->gsi_base = found->gsi_base;
    uint32_t version = read(ioapic, IOAPICVER);
    if (version == ~0u) {
        log_warning("there is none at %#lx, where the ACPI tables have one", found->address);
        return;
    }
    ioapic->pins = (version >> 16 & 0xff) + 1;
    if (find(ioapic->gsi_base)) {
        log_warning("two have GSI %u; the one at %#lx is left out", ioapic->gsi_base, found->address);
        return;
    }
    ioapic_count++;
    for (unsigned pin = 0; pin < ioapic->pins; pin++)
        ioapic_mask(ioapic->gsi_base + pin);
    log_info("at %#lx, GSI %u to %u", found->address, ioapic->gsi_base, ioapic->gsi_base + ioapic->pins - 1);
}

void ioapic_init(void)
{
    for (unsigned i = 0; i < acpi_ioapic_count() && ioapic_count < IOAPIC_MAX; i++)
        add(acpi_ioapic(i));
    if (ioapic_count == 0)
        log_warning("there is none: only devices with message-signalled interrupts can interrupt");
}
