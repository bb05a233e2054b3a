/*
 * The way to the tables: the RSDP leads to a root table (RSDT with 32-bit addresses, or XSDT with 64-bit ones), whose
 * entries lead to all the others.
 *
 * acpi_init walks it once. Each table that someone here reads is mapped and checked whole, then handed to its reader;
 * the others are not looked at beyond their signature. A table that is there twice counts once.
 *
 * Nothing is allocated and nothing is kept: `ops` is only used while acpi_init runs.
 *
 * Source: ACPI 6.5, 5.2.5 (RSDP), 5.2.6 (header), 5.2.7 (RSDT), 5.2.8 (XSDT).
 */
#include "arch/acpi/acpi_internal.h"

#include "lib/printf.h"
#include "lib/string.h"

#define RSDP_V1_SIZE 20
#define RSDP_V2_SIZE 36
#define MAX_RSDP_SIZE 256
#define MAX_TABLE_SIZE MIB(4) /* a DSDT of a large server has some hundred KiB */
#define MAX_ROOT_ENTRIES 256
#define MAX_ADDRESS (1ull << 52) /* what a page table can express */

static const struct acpi_ops *ops;

/* The tables that are read, and by whom. */
static const struct reader {
    char signature[5];
    bool several; /* there may be more than one */
    void (*read)(const struct acpi_table *table);
} readers[] = {
    {"FACP", false, acpi_fadt_read},
    {"APIC", false, acpi_madt_read},
    {"HPET", true, acpi_hpet_read},
    {"MCFG", false, acpi_mcfg_read},
    {"SSDT", true, acpi_ssdt_read},
};

static const uint8_t *map(paddr_t address, size_t size)
{
    if (address == 0 || address >= MAX_ADDRESS || size > MAX_ADDRESS - address)
        return NULL;
    return ops->map(address, size);
}

static bool sums_to_zero(const uint8_t *bytes, size_t size)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

/* A signature as it may be printed. */
static void copy_signature(char *to, const uint8_t *from)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = from[i] >= ' ' && from[i] <= '~' ? (char)from[i] : '?';
    to[4] = 0;
}

bool acpi_table_open(struct acpi_table *table, paddr_t address)
{
    const uint8_t *header = map(address, ACPI_HEADER_SIZE);
    if (header == NULL) {
        acpi_warn("a table should be at %#lx, where no memory is; it is left out", (unsigned long)address);
        return false;
    }
    copy_signature(table->signature, header);
    table->length = acpi_get32(header + 4);
    if (table->length < ACPI_HEADER_SIZE || table->length > MAX_TABLE_SIZE) {
        acpi_warn("table %s has an impossible length of %u bytes; it is left out", table->signature, table->length);
        return false;
    }
    table->bytes = map(address, table->length);
    if (table->bytes == NULL) {
        acpi_warn("table %s at %#lx reaches beyond memory; it is left out", table->signature, (unsigned long)address);
        return false;
    }
    if (!sums_to_zero(table->bytes, table->length)) {
        acpi_warn("the checksum of table %s is wrong; it is left out", table->signature);
        return false;
    }
    return true;
}

/* Hands the table at ADDRESS to its reader, if it has one. SEEN: one bit for each reader that has had a table. */
static void read_entry(paddr_t address, unsigned *seen)
{
    struct acpi_table table;
    const uint8_t *header = map(address, ACPI_HEADER_SIZE);
    if (header == NULL) {
        acpi_warn("the root table names %#lx, where no memory is", (unsigned long)address);
        return;
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(readers); i++) {
        if (memcmp(header, readers[i].signature, 4) != 0)
            continue;
        if (!readers[i].several && *seen >> i & 1) {
            acpi_warn("there is a second table %s; it is left out", readers[i].signature);
        } else if (acpi_table_open(&table, address)) {
            *seen |= 1u << i;
            readers[i].read(&table);
        }
        return;
    }
}

/* Reads what the root table at ADDRESS leads to; false when it is none. */
static bool read_root(paddr_t address, const char *signature, uint32_t width)
{
    struct acpi_table root;
    unsigned seen = 0;
    if (!acpi_table_open(&root, address))
        return false;
    if (memcmp(root.bytes, signature, 4) != 0) {
        acpi_warn("the root table should be %s and is %s", signature, root.signature);
        return false;
    }
    uint32_t count = (root.length - ACPI_HEADER_SIZE) / width;
    if (count > MAX_ROOT_ENTRIES) {
        acpi_warn("%s has %u entries; the first %u are read", signature, count, MAX_ROOT_ENTRIES);
        count = MAX_ROOT_ENTRIES;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = root.bytes + ACPI_HEADER_SIZE + i * width;
        paddr_t table = width == 8 ? acpi_get64(entry) : acpi_get32(entry);
        if (table != 0)
            read_entry(table, &seen);
    }
    return true;
}

/* The address of the XSDT; 0 when the RSDP is of version 1, or its second half cannot be trusted. */
static paddr_t xsdt_of(paddr_t rsdp)
{
    const uint8_t *p = map(rsdp, RSDP_V2_SIZE);
    if (p == NULL || p[15] < 2)
        return 0;
    uint32_t length = acpi_get32(p + 20);
    if (length >= RSDP_V2_SIZE && length <= MAX_RSDP_SIZE)
        p = map(rsdp, length);
    else
        p = NULL;
    if (p == NULL || !sums_to_zero(p, length)) {
        acpi_warn("the second half of the root pointer is damaged; the first half is used");
        return 0;
    }
    return acpi_get64(p + 24);
}

static void read_tables(paddr_t rsdp)
{
    const uint8_t *p = map(rsdp, RSDP_V1_SIZE);
    if (p == NULL || memcmp(p, "RSD PTR ", 8) != 0 || !sums_to_zero(p, RSDP_V1_SIZE)) {
        acpi_warn("there is no root pointer at %#lx; the machine is used without ACPI", (unsigned long)rsdp);
        return;
    }
    paddr_t rsdt = acpi_get32(p + 16), xsdt = xsdt_of(rsdp);
    if (xsdt != 0 && read_root(xsdt, "XSDT", 8))
        return;
    if (rsdt != 0 && read_root(rsdt, "RSDT", 4))
        return;
    acpi_warn("there is no root table; the machine is used without ACPI");
}

/* The format is the caller's: this is the one place where it passes through. */
void acpi_warn(const char *format, ...)
{
    char sentence[160];
    va_list arguments;
    if (ops->warn == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    ops->warn(sentence);
}

void acpi_init(paddr_t rsdp, const struct acpi_ops *new_ops)
{
    ops = new_ops;
    acpi_madt_init();
    acpi_fadt_init();
    acpi_devices_init();
    if (rsdp != 0)
        read_tables(rsdp);
    ops = NULL;
}
