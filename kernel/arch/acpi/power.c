/*
 * Turning the machine off, and resetting it, through the registers that the FADT names.
 *
 * Off is sleep state S5: the number of S5 (from the package _S5_) goes into the field SLP_TYP of the control registers
 * PM1a and PM1b, then SLP_EN is set. Before, the machine has to be in ACPI mode, for which firmware is asked through
 * its SMI command port. Machines without these registers ("hardware-reduced") have SLEEP_CONTROL in their place.
 *
 * acpi_power_init maps what is not a port; from then on nothing changes, and nothing is allocated when the end comes.
 * The method _PTS, by which firmware wants to be told first, is not called: there is no interpreter.
 *
 * Source: ACPI 6.5, 4.8.3.2 (PM1 control), 4.8.3.7 (sleep control), 4.8.3.6 (reset register), 16.1.7 (entering
 * S5), 16.3.1 (ACPI mode).
 */
#include "arch/acpi/acpi_internal.h"

#include "arch/x86_64/io.h"
#include "arch/x86_64/machine.h"
#include "drivers/pci/pci.h"
#include "log.h"
#include "mm/vmap.h"

#define LOG_NAME "acpi"

#define PM1_SCI_EN (1u << 0) /* the machine is in ACPI mode */
#define PM1_SLP_TYP(type) ((unsigned)(type) << 10)
#define PM1_SLP_EN (1u << 13)
#define SLEEP_SLP_TYP(type) ((unsigned)(type) << 2)
#define SLEEP_SLP_EN (1u << 5)

#define DELAY_PORT 0x80     /* takes about a microsecond to read, on every PC */
#define MODE_TRIES 1000000u /* a second */
#define OFF_TRIES 1000000u
#define RESET_TRIES 50000u

/* A register, ready to be used. */
struct access {
    struct acpi_register at;
    volatile void *memory; /* of one in memory; NULL: it could not be mapped */
};

static struct access pm1a, pm1b, sleep_control, reset;

static void prepare(struct access *a, const struct acpi_register *at)
{
    *a = (struct access){.at = *at};
    if (at->space != ACPI_SPACE_MEMORY)
        return;
    a->memory = vmap_physical(at->address, at->width / 8, MAP_WRITE | MAP_UNCACHED);
    if (a->memory != NULL)
        return;
    log_warning(
        "the register at %#lx cannot be mapped; the machine may not turn off or reset", (unsigned long)at->address);
    a->at.space = ACPI_SPACE_NONE;
}

static bool exists(const struct access *a)
{
    return a->at.space != ACPI_SPACE_NONE;
}

/* PM1 control registers have 16 bits. */
static uint16_t read16(const struct access *a)
{
    if (!exists(a))
        return 0;
    return a->memory != NULL ? *(volatile uint16_t *)a->memory : inw((uint16_t)a->at.address);
}

static void write16(const struct access *a, uint16_t value)
{
    if (!exists(a))
        return;
    if (a->memory != NULL)
        *(volatile uint16_t *)a->memory = value;
    else
        outw((uint16_t)a->at.address, value);
}

/* The others have 8. One in configuration space is on bus 0: see struct acpi_register. */
static void write8(const struct access *a, uint8_t value)
{
    if (a->at.space == ACPI_SPACE_PCI) {
        struct pci_device device = {
            .address = {.device = a->at.address >> 32 & 31, .function = a->at.address >> 16 & 7}};
        pci_write8(&device, a->at.address & 0xff, value);
    } else if (a->memory != NULL) {
        *(volatile uint8_t *)a->memory = value;
    } else if (a->at.space == ACPI_SPACE_IO) {
        outb((uint16_t)a->at.address, value);
    }
}

static void wait(unsigned tries)
{
    while (tries-- > 0)
        inb(DELAY_PORT);
}

static void enter_acpi_mode(void)
{
    const struct acpi_fadt *fadt = acpi_fadt();
    if (fadt->smi_command == 0 || fadt->acpi_enable == 0 || read16(&pm1a) & PM1_SCI_EN)
        return;
    outb(fadt->smi_command, fadt->acpi_enable);
    for (unsigned tries = 0; tries < MODE_TRIES && !(read16(&pm1a) & PM1_SCI_EN); tries++)
        inb(DELAY_PORT);
}

static void power_off(void)
{
    const struct acpi_fadt *fadt = acpi_fadt();
    if (exists(&sleep_control)) {
        write8(&sleep_control, (uint8_t)(SLEEP_SLP_TYP(fadt->sleep_type_a) | SLEEP_SLP_EN));
    } else {
        enter_acpi_mode();
        unsigned others = ~(PM1_SLP_TYP(7) | PM1_SLP_EN);
        unsigned a = (read16(&pm1a) & others) | PM1_SLP_TYP(fadt->sleep_type_a);
        unsigned b = (read16(&pm1b) & others) | PM1_SLP_TYP(fadt->sleep_type_b);
        write16(&pm1a, (uint16_t)a);
        write16(&pm1b, (uint16_t)b);
        write16(&pm1a, (uint16_t)(a | PM1_SLP_EN));
        write16(&pm1b, (uint16_t)(b | PM1_SLP_EN));
    }
    wait(OFF_TRIES);
    log_error("the machine does not turn off");
}

static void do_reset(void)
{
    write8(&reset, acpi_fadt()->reset_value);
    wait(RESET_TRIES);
}

void acpi_power_init(void)
{
    static struct machine_power_ops ops;
    const struct acpi_fadt *fadt = acpi_fadt();
    prepare(&pm1a, &fadt->pm1a_control);
    prepare(&pm1b, &fadt->pm1b_control);
    prepare(&sleep_control, &fadt->sleep_control);
    prepare(&reset, &fadt->reset);
    bool can_turn_off = fadt->has_s5 && (exists(&pm1a) || exists(&sleep_control));
    ops.power_off = can_turn_off ? power_off : NULL;
    ops.reset = exists(&reset) ? do_reset : NULL;
    machine_set_power(&ops);
    if (!can_turn_off)
        log_info("there is no way to turn this machine off");
}
