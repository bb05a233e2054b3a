/*
 * The FADT ("fixed ACPI description table", signature FACP): where the fixed registers are, and flags about old PC
 * hardware. It also leads to the DSDT, in which the numbers for turning the machine off stand (aml.c); should they
 * stand in an SSDT instead, they are taken from there.
 *
 * The table has grown with every version. A field counts if the table is long enough to hold it; the flags about old
 * hardware also ask for the revision, since version 1.0 left their place undefined.
 *
 * Many registers are there twice, as a port and as a generic address: the latter counts where it is not zero.
 *
 * Source: ACPI 6.5, 5.2.9 (table), 5.2.9.3 (IAPC_BOOT_ARCH), 5.2.3.2 (generic addresses).
 */
#include "arch/acpi/acpi_internal.h"

#include "lib/string.h"

/* Offsets in the table. */
enum {
    FADT_DSDT = 40,
    FADT_SMI_CMD = 48,
    FADT_ACPI_ENABLE = 52,
    FADT_PM1A_CNT = 64,
    FADT_PM1B_CNT = 68,
    FADT_PM_TMR = 76,
    FADT_PM_TMR_LEN = 91,
    FADT_CENTURY = 108,
    FADT_IAPC_BOOT_ARCH = 109,
    FADT_FLAGS = 112,
    FADT_V1_END = 116,
    FADT_RESET_REG = 116,
    FADT_RESET_VALUE = 128,
    FADT_X_DSDT = 140,
    FADT_X_PM1A_CNT = 172,
    FADT_X_PM1B_CNT = 184,
    FADT_X_PM_TMR = 208,
    FADT_SLEEP_CONTROL = 244,
};

#define FLAG_TMR_VAL_EXT (1u << 8)
#define FLAG_RESET_REG_SUP (1u << 10)
#define FLAG_HW_REDUCED (1u << 20)

#define BOOT_ARCH_8042 (1u << 1)
#define BOOT_ARCH_NO_VGA (1u << 2)
#define BOOT_ARCH_NO_MSI (1u << 3)
#define BOOT_ARCH_REVISION 3 /* of the FADT: ACPI 2.0 */

#define CMOS_FIRST_FREE 0x0e /* below are the clock's own registers */
#define CMOS_SIZE 0x80

static struct acpi_fadt fadt;
static struct acpi_pm_timer pm_timer;
static uint8_t century;
static uint16_t boot_arch;

static bool has(const struct acpi_table *table, uint32_t offset, uint32_t size)
{
    return table->length >= offset + size;
}

static struct acpi_register no_register(void)
{
    return (struct acpi_register){.space = ACPI_SPACE_NONE};
}

/* The generic address at OFFSET, if it is one that can be used for a register of WIDTH bits. */
static struct acpi_register generic(const struct acpi_table *table, uint32_t offset, uint8_t width)
{
    if (!has(table, offset, 12))
        return no_register();
    const uint8_t *p = table->bytes + offset;
    struct acpi_register r = {.space = p[0], .width = width, .address = acpi_get64(p + 4)};
    bool usable = (r.space == ACPI_SPACE_MEMORY && r.address < 1ull << 52) ||
                  (r.space == ACPI_SPACE_IO && r.address <= 0x10000u - width / 8) ||
                  (r.space == ACPI_SPACE_PCI && width == 8);
    return r.address != 0 && usable ? r : no_register();
}

/* A register that is there as a generic address at EXTENDED, else as a port at LEGACY. */
static struct acpi_register fixed(const struct acpi_table *table, uint32_t extended, uint32_t legacy, uint8_t width)
{
    struct acpi_register r = generic(table, extended, width);
    uint32_t port = acpi_get32(table->bytes + legacy);
    if (r.space != ACPI_SPACE_IO && r.space != ACPI_SPACE_MEMORY)
        r = no_register();
    if (r.space == ACPI_SPACE_NONE && port != 0 && port <= 0x10000u - width / 8)
        r = (struct acpi_register){.space = ACPI_SPACE_IO, .width = width, .address = port};
    return r;
}

static void look_for_s5(const struct acpi_table *table)
{
    if (fadt.has_s5)
        return;
    fadt.has_s5 = acpi_aml_find_s5(
        table->bytes + ACPI_HEADER_SIZE, table->length - ACPI_HEADER_SIZE, &fadt.sleep_type_a, &fadt.sleep_type_b);
}

static void read_dsdt(const struct acpi_table *table)
{
    struct acpi_table dsdt;
    paddr_t address = has(table, FADT_X_DSDT, 8) ? acpi_get64(table->bytes + FADT_X_DSDT) : 0;
    if (address == 0)
        address = acpi_get32(table->bytes + FADT_DSDT);
    if (address == 0 || !acpi_table_open(&dsdt, address))
        return;
    if (memcmp(dsdt.bytes, "DSDT", 4) == 0)
        look_for_s5(&dsdt);
    else
        acpi_warn("the FADT names a table %s where the DSDT should be; it is left out", dsdt.signature);
}

static void read_timer(const struct acpi_table *table, uint32_t flags)
{
    pm_timer.counter = fixed(table, FADT_X_PM_TMR, FADT_PM_TMR, 32);
    pm_timer.mask = flags & FLAG_TMR_VAL_EXT ? 0xffffffff : 0xffffff;
    if (table->bytes[FADT_PM_TMR_LEN] != 4)
        pm_timer.counter = no_register();
}

static void read_reset(const struct acpi_table *table, uint32_t flags)
{
    if (!(flags & FLAG_RESET_REG_SUP) || !has(table, FADT_RESET_VALUE, 1))
        return;
    fadt.reset = generic(table, FADT_RESET_REG, 8);
    fadt.reset_value = table->bytes[FADT_RESET_VALUE];
    if (fadt.reset.space == ACPI_SPACE_NONE)
        acpi_warn("the reset register is of an unknown kind; it is left out");
}

void acpi_fadt_read(const struct acpi_table *table)
{
    if (table->length < FADT_V1_END) {
        acpi_warn("the FADT is too short; the machine cannot be turned off");
        return;
    }
    const uint8_t *p = table->bytes;
    uint32_t flags = acpi_get32(p + FADT_FLAGS);
    if (flags & FLAG_HW_REDUCED) { /* then the fixed registers are not there, whatever their fields hold */
        fadt.sleep_control = generic(table, FADT_SLEEP_CONTROL, 8);
    } else {
        fadt.pm1a_control = fixed(table, FADT_X_PM1A_CNT, FADT_PM1A_CNT, 16);
        fadt.pm1b_control = fixed(table, FADT_X_PM1B_CNT, FADT_PM1B_CNT, 16);
        fadt.smi_command = (uint16_t)(acpi_get32(p + FADT_SMI_CMD) <= 0xffff ? acpi_get32(p + FADT_SMI_CMD) : 0);
        fadt.acpi_enable = p[FADT_ACPI_ENABLE];
        read_timer(table, flags);
    }
    if (p[FADT_CENTURY] >= CMOS_FIRST_FREE && p[FADT_CENTURY] < CMOS_SIZE)
        century = p[FADT_CENTURY];
    if (p[8] >= BOOT_ARCH_REVISION)
        boot_arch = acpi_get16(p + FADT_IAPC_BOOT_ARCH);
    read_reset(table, flags);
    read_dsdt(table);
}

void acpi_ssdt_read(const struct acpi_table *ssdt)
{
    look_for_s5(ssdt);
}

void acpi_fadt_init(void)
{
    struct acpi_register none = no_register();
    fadt = (struct acpi_fadt){.pm1a_control = none, .pm1b_control = none, .sleep_control = none, .reset = none};
    pm_timer = (struct acpi_pm_timer){.counter = none};
    century = 0;
    boot_arch = BOOT_ARCH_8042;
}

const struct acpi_fadt *acpi_fadt(void)
{
    return &fadt;
}

const struct acpi_pm_timer *acpi_pm_timer(void)
{
    return pm_timer.counter.space != ACPI_SPACE_NONE ? &pm_timer : NULL;
}

uint8_t acpi_century_register(void)
{
    return century;
}

bool acpi_has_8042(void)
{
    return boot_arch & BOOT_ARCH_8042;
}

bool acpi_has_vga(void)
{
    return !(boot_arch & BOOT_ARCH_NO_VGA);
}

bool acpi_msi_unsupported(void)
{
    return boot_arch & BOOT_ARCH_NO_MSI;
}
