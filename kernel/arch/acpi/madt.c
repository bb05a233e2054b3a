/*
 * Processors and interrupt controllers, from the MADT ("multiple APIC description table", signature APIC).
 *
 * The table is a list of entries, each with a type and a length. They come in any order, so it is read twice: first
 * what exists, then what is said about it (which pin of which processor brings the NMI).
 *
 * The processor that reads the table is number 0 from the start, so that a machine without a table, or with one that
 * forgets it, still has one processor.
 *
 * Source: ACPI 6.5, 5.2.12; the processor's own APIC ID: Intel SDM volume 2, CPUID leaves 01H and 0BH.
 */
#include "arch/acpi/acpi_internal.h"

#include "arch/x86_64/io.h"
#include "lib/string.h"

#define MADT_ENTRIES 44
#define MADT_PCAT_COMPAT (1u << 0)

#define CPU_ENABLED (1u << 0)
#define CPU_ONLINE_CAPABLE (1u << 1)
#define EVERY_CPU UINT32_MAX

#define DEFAULT_LAPIC 0xfee00000u
#define MAX_IOAPICS 64
#define ISA_IRQS 16

static struct acpi_cpu cpus[ACPI_MAX_CPUS];
static unsigned cpu_count;
static unsigned cpus_left_out;
static bool boot_cpu_listed;

static struct acpi_ioapic ioapics[MAX_IOAPICS];
static unsigned ioapic_count;

static struct isa_override {
    uint32_t gsi;
    uint8_t polarity; /* enum acpi_polarity */
    uint8_t trigger;  /* enum acpi_trigger */
    bool given;
} isa_overrides[ISA_IRQS];

static paddr_t lapic_address;
static bool has_8259;

/* ------------------------------------------------------------------------------------------------------------------
 * Entries: each function gets one that is as long as its type must be
 */

static void add_cpu(uint32_t apic_id, uint32_t acpi_id, uint32_t flags)
{
    struct acpi_cpu cpu = {
        .apic_id = apic_id,
        .acpi_id = acpi_id,
        .enabled = flags & CPU_ENABLED,
        .online_capable = !(flags & CPU_ENABLED) && flags & CPU_ONLINE_CAPABLE,
        .nmi_lint = ACPI_NO_LINT,
    };
    if (apic_id == cpus[0].apic_id && !boot_cpu_listed) {
        boot_cpu_listed = true;
        cpus[0].acpi_id = acpi_id;
        return;
    }
    if (!cpu.enabled && !cpu.online_capable)
        return;
    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpus[i].apic_id == apic_id)
            return; /* firmware lists the first 255 both ways, as APICs and as x2APICs */
    }
    if (cpu_count < ACPI_MAX_CPUS)
        cpus[cpu_count++] = cpu;
    else
        cpus_left_out++;
}

static void read_lapic(const uint8_t *entry)
{
    if (entry[3] != 0xff) /* which addresses all of them */
        add_cpu(entry[3], entry[2], acpi_get32(entry + 4));
}

static void read_x2apic(const uint8_t *entry)
{
    if (acpi_get32(entry + 4) != UINT32_MAX)
        add_cpu(acpi_get32(entry + 4), acpi_get32(entry + 12), acpi_get32(entry + 8));
}

static void read_ioapic(const uint8_t *entry)
{
    struct acpi_ioapic ioapic = {.id = entry[2], .address = acpi_get32(entry + 4), .gsi_base = acpi_get32(entry + 8)};
    if (ioapic.address == 0) {
        acpi_warn("I/O APIC %u has no address; it is left out", ioapic.id);
        return;
    }
    for (unsigned i = 0; i < ioapic_count; i++) {
        if (ioapics[i].address == ioapic.address || ioapics[i].gsi_base == ioapic.gsi_base) {
            acpi_warn("I/O APIC %u at %#lx is the same as number %u; it is left out", ioapic.id,
                (unsigned long)ioapic.address, ioapics[i].id);
            return;
        }
    }
    if (ioapic_count < MAX_IOAPICS)
        ioapics[ioapic_count++] = ioapic;
    else
        acpi_warn("there are more than %u I/O APICs; number %u is left out", MAX_IOAPICS, ioapic.id);
}

/* The two fields of the flags of an interrupt; CONFORMING is what 0, "as the bus has it", and nonsense stand for. */
static enum acpi_polarity polarity_of(uint16_t flags, enum acpi_polarity conforming)
{
    return (flags & 3) == 1 ? ACPI_ACTIVE_HIGH : (flags & 3) == 3 ? ACPI_ACTIVE_LOW : conforming;
}

static enum acpi_trigger trigger_of(uint16_t flags, enum acpi_trigger conforming)
{
    return (flags >> 2 & 3) == 1 ? ACPI_EDGE : (flags >> 2 & 3) == 3 ? ACPI_LEVEL : conforming;
}

static void read_override(const uint8_t *entry)
{
    uint8_t bus = entry[2], irq = entry[3];
    if (bus != 0 || irq >= ISA_IRQS) {
        acpi_warn("an override is for interrupt %u of bus %u, which is not ISA's; it is left out", irq, bus);
        return;
    }
    struct isa_override *override = &isa_overrides[irq];
    if (override->given) {
        acpi_warn("there is a second override for ISA interrupt %u; it is left out", irq);
        return;
    }
    override->given = true;
    override->gsi = acpi_get32(entry + 4);
    override->polarity = polarity_of(acpi_get16(entry + 8), ACPI_ACTIVE_HIGH);
    override->trigger = trigger_of(acpi_get16(entry + 8), ACPI_EDGE);
}

static void set_lapic_address(paddr_t address)
{
    if (address != 0 && is_aligned(address, PAGE_SIZE))
        lapic_address = address;
    else
        acpi_warn(
            "the local APICs cannot be at %#lx; %#lx is used", (unsigned long)address, (unsigned long)lapic_address);
}

static void read_lapic_address(const uint8_t *entry)
{
    set_lapic_address(acpi_get64(entry + 4));
}

static void set_nmi(uint32_t acpi_id, uint16_t flags, uint8_t lint)
{
    if (lint > 1) {
        acpi_warn("an NMI is said to come in at pin %u of the local APIC; it is left out", lint);
        return;
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        if (acpi_id != EVERY_CPU && cpus[i].acpi_id != acpi_id)
            continue;
        cpus[i].nmi_lint = lint;
        cpus[i].nmi_polarity = polarity_of(flags, ACPI_ACTIVE_HIGH);
        cpus[i].nmi_trigger = trigger_of(flags, ACPI_EDGE);
    }
}

static void read_lapic_nmi(const uint8_t *entry)
{
    set_nmi(entry[2] == 0xff ? EVERY_CPU : entry[2], acpi_get16(entry + 3), entry[5]);
}

static void read_x2apic_nmi(const uint8_t *entry)
{
    set_nmi(acpi_get32(entry + 4), acpi_get16(entry + 2), entry[8]);
}

/* ------------------------------------------------------------------------------------------------------------------ */

/* By type. Types that are not here do not concern us. */
static const struct entry_kind {
    uint8_t length; /* at least */
    uint8_t pass;   /* 0: what exists; 1: what is said about it */
    void (*read)(const uint8_t *entry);
} entry_kinds[] = {
    [0] = {8, 0, read_lapic},
    [1] = {12, 0, read_ioapic},
    [2] = {10, 0, read_override},
    [4] = {6, 1, read_lapic_nmi},
    [5] = {12, 0, read_lapic_address},
    [9] = {16, 0, read_x2apic},
    [10] = {12, 1, read_x2apic_nmi},
};

static void read_entries(const struct acpi_table *madt, unsigned pass)
{
    uint32_t at = MADT_ENTRIES;
    while (at + 2 <= madt->length) {
        const uint8_t *entry = madt->bytes + at;
        uint8_t type = entry[0], length = entry[1];
        if (length < 2 || length > madt->length - at) {
            if (pass == 0)
                acpi_warn("an entry of the MADT has an impossible length of %u; the rest is left out", length);
            return;
        }
        if (type < ARRAY_LENGTH(entry_kinds) && entry_kinds[type].read != NULL && entry_kinds[type].pass == pass) {
            if (length >= entry_kinds[type].length)
                entry_kinds[type].read(entry);
            else
                acpi_warn("an entry of type %u of the MADT is too short; it is left out", type);
        }
        at += length;
    }
}

void acpi_madt_read(const struct acpi_table *madt)
{
    if (madt->length < MADT_ENTRIES) {
        acpi_warn("the MADT is too short; one processor is used");
        return;
    }
    set_lapic_address(acpi_get32(madt->bytes + 36));
    has_8259 = acpi_get32(madt->bytes + 40) & MADT_PCAT_COMPAT;
    read_entries(madt, 0);
    read_entries(madt, 1);
    if (!boot_cpu_listed)
        acpi_warn("the MADT does not list the processor that runs, APIC %u", cpus[0].apic_id);
    if (cpus_left_out != 0)
        acpi_warn("there are more than %u processors; %u are left out", ACPI_MAX_CPUS, cpus_left_out);
}

static uint32_t own_apic_id(void)
{
    if (cpu_id(0, 0).eax >= 0xb) {
        struct cpuid topology = cpu_id(0xb, 0);
        if (topology.ebx != 0)
            return topology.edx;
    }
    return cpu_id(1, 0).ebx >> 24;
}

void acpi_madt_init(void)
{
    memset(cpus, 0, sizeof cpus);
    memset(isa_overrides, 0, sizeof isa_overrides);
    cpus[0] = (struct acpi_cpu){.apic_id = own_apic_id(), .enabled = true, .nmi_lint = ACPI_NO_LINT};
    cpu_count = 1;
    cpus_left_out = 0;
    boot_cpu_listed = false;
    ioapic_count = 0;
    lapic_address = DEFAULT_LAPIC;
    has_8259 = true;
}

unsigned acpi_cpu_count(void)
{
    return cpu_count;
}

const struct acpi_cpu *acpi_cpu(unsigned i)
{
    return i < cpu_count ? &cpus[i] : NULL;
}

paddr_t acpi_lapic_address(void)
{
    return lapic_address;
}

bool acpi_has_8259(void)
{
    return has_8259;
}

unsigned acpi_ioapic_count(void)
{
    return ioapic_count;
}

const struct acpi_ioapic *acpi_ioapic(unsigned i)
{
    return i < ioapic_count ? &ioapics[i] : NULL;
}

uint32_t acpi_isa_irq_to_gsi(uint8_t irq, enum acpi_polarity *polarity, enum acpi_trigger *trigger)
{
    static const struct isa_override usual = {.polarity = ACPI_ACTIVE_HIGH, .trigger = ACPI_EDGE};
    const struct isa_override *override = irq < ISA_IRQS && isa_overrides[irq].given ? &isa_overrides[irq] : &usual;
    if (polarity != NULL)
        *polarity = override->polarity;
    if (trigger != NULL)
        *trigger = override->trigger;
    return override->given ? override->gsi : irq;
}
