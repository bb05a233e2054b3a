/*
 * Turning the machine off and resetting it (kernel/arch/acpi/power.c): what is written to which register, and in
 * which order.
 */
#include "tests/unit/unit.h"

#include "arch/acpi/acpi_internal.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/machine.h"
#include "drivers/pci/pci.h"
#include "log.h"
#include "mm/vmap.h"

#include <stdio.h>
#include <string.h>

static struct acpi_fadt fadt;
static const struct machine_power_ops *power;
static char story[512]; /* what was written */
static uint16_t pm1a_value;
static bool mode_works;
static uint16_t memory[2];
static bool no_memory;

static void tell(const char *what, unsigned where, unsigned value)
{
    size_t length = strlen(story);
    snprintf(story + length, sizeof story - length, "%s %x=%x ", what, where, value);
}

void fake_outb(uint16_t port, uint8_t value)
{
    tell("b", port, value);
    if (port == 0xb2 && mode_works)
        pm1a_value |= 1;
}

void fake_outw(uint16_t port, uint16_t value)
{
    tell("w", port, value);
}

uint16_t fake_inw(uint16_t port)
{
    return port == 0x604 ? pm1a_value : 0x1c02;
}

const struct acpi_fadt *acpi_fadt(void)
{
    return &fadt;
}

void pci_write8(const struct pci_device *device, unsigned offset, uint8_t value)
{
    tell("p", (unsigned)(device->address.device << 12 | device->address.function << 8) | offset, value);
}

void *vmap_physical(paddr_t address, size_t size, unsigned map_flags)
{
    return no_memory ? NULL : &memory[address == 0xfed00000 ? 0 : 1];
}

void machine_set_power(const struct machine_power_ops *ops)
{
    power = ops;
}

void log_write(enum log_level level, const char *format, ...) {}

static struct acpi_register at(enum acpi_space space, uint64_t address, uint8_t width)
{
    return (struct acpi_register){.space = (uint8_t)space, .address = address, .width = width};
}

/* A machine like QEMU's, in ACPI mode already. */
static void begin(void)
{
    struct acpi_register none = at(ACPI_SPACE_NONE, 0, 0);
    fadt = (struct acpi_fadt){.pm1a_control = at(ACPI_SPACE_IO, 0x604, 16),
        .pm1b_control = none,
        .sleep_control = none,
        .smi_command = 0xb2,
        .acpi_enable = 0xf1,
        .has_s5 = true,
        .sleep_type_a = 5,
        .sleep_type_b = 6,
        .reset = at(ACPI_SPACE_IO, 0xcf9, 8),
        .reset_value = 0xf};
    story[0] = 0;
    pm1a_value = 0x0403; /* an old sleep type, SCI_EN, and a bit that must stay */
    mode_works = true;
    no_memory = false;
    memset(memory, 0, sizeof memory);
}

static const char *off(void)
{
    acpi_power_init();
    power->power_off();
    return story;
}

static void test_off(void **state)
{
    begin();
    assert_string_equal(off(), "w 604=1403 w 604=3403 ");
}

static void test_off_both(void **state)
{
    begin();
    fadt.pm1b_control = at(ACPI_SPACE_IO, 0x704, 16);
    assert_string_equal(off(), "w 604=1403 w 704=1802 w 604=3403 w 704=3802 ");
}

static void test_off_needs_acpi_mode(void **state)
{
    begin();
    pm1a_value = 0;
    assert_string_equal(off(), "b b2=f1 w 604=1401 w 604=3401 ");
    begin();
    pm1a_value = 0;
    mode_works = false; /* then it is tried all the same */
    assert_string_equal(off(), "b b2=f1 w 604=1400 w 604=3400 ");
    begin();
    pm1a_value = 0;
    fadt.smi_command = 0;
    assert_string_equal(off(), "w 604=1400 w 604=3400 ");
}

static void test_off_in_memory(void **state)
{
    begin();
    fadt.pm1a_control = at(ACPI_SPACE_MEMORY, 0xfed00000, 16);
    fadt.smi_command = 0;
    assert_string_equal(off(), "");
    assert_int_equal(memory[0], 0x3400);
}

static void test_off_hardware_reduced(void **state)
{
    begin();
    fadt.pm1a_control = at(ACPI_SPACE_NONE, 0, 0);
    fadt.sleep_control = at(ACPI_SPACE_IO, 0x600, 8);
    assert_string_equal(off(), "b 600=34 ");
}

static void test_no_way(void **state)
{
    begin();
    fadt.has_s5 = false;
    fadt.reset = at(ACPI_SPACE_NONE, 0, 0);
    acpi_power_init();
    assert_null(power->power_off);
    assert_null(power->reset);
    begin();
    fadt.pm1a_control = at(ACPI_SPACE_MEMORY, 0xfed00000, 16);
    fadt.reset = at(ACPI_SPACE_MEMORY, 0xfed00010, 8);
    no_memory = true;
    acpi_power_init();
    assert_null(power->power_off);
    assert_null(power->reset);
}

static void test_reset(void **state)
{
    begin();
    acpi_power_init();
    power->reset();
    assert_string_equal(story, "b cf9=f ");
    begin();
    fadt.reset = at(ACPI_SPACE_PCI, 3ull << 32 | 2 << 16 | 0x44, 8);
    acpi_power_init();
    power->reset();
    assert_string_equal(story, "p 3244=f ");
    begin();
    fadt.reset = at(ACPI_SPACE_MEMORY, 0xfed00010, 8);
    acpi_power_init();
    power->reset();
    assert_string_equal(story, "");
    assert_int_equal(memory[1], 0xf);
}

UNIT_MAIN(cmocka_unit_test(test_off), cmocka_unit_test(test_off_both), cmocka_unit_test(test_off_needs_acpi_mode),
    cmocka_unit_test(test_off_in_memory), cmocka_unit_test(test_off_hardware_reduced), cmocka_unit_test(test_no_way),
    cmocka_unit_test(test_reset))
