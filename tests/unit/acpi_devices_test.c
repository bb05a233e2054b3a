/*
 * The kernel's parser of ACPI tables (kernel/arch/acpi): FADT, HPET, MCFG, and the search for _S5_ in AML.
 */
#include "tests/unit/unit.h"

#include "arch/acpi/acpi_internal.h"
#include "tests/unit/acpi_memory.h"

#include <string.h>

#define FADT_V1 (116 - 36)
#define FADT_V3 (244 - 36)
#define FADT_V6 (276 - 36)

static uint8_t fadt_body[FADT_V6]; /* from offset 36 of the table on */

static void put(uint32_t offset, uint64_t value, size_t size)
{
    memcpy(fadt_body + (offset - 36), &value, size);
}

static void put_generic(uint32_t offset, uint8_t space, uint64_t address)
{
    put(offset, space, 1);
    put(offset + 1, 8, 1);
    put(offset + 4, address, 8);
}

/* name _S5_, package of four: 5, 6, 0, 0 */
static const uint8_t s5[] = {0x08, '_', 'S', '5', '_', 0x12, 8, 4, 0x0a, 5, 0x0a, 6, 0, 0};

/* What every FADT here begins as: ports, timer of 24 bits, reset by port. */
static void begin(void)
{
    acpi_memory_reset();
    memset(fadt_body, 0, sizeof fadt_body);
    put(40, acpi_memory_unlisted("DSDT", 2, s5, sizeof s5), 4);
    put(48, 0xb2, 4);
    put(52, 0xf1, 1);
    put(64, 0x604, 4);
    put(76, 0x608, 4);
    put(91, 4, 1);
    put(108, 0x32, 1);
    put(109, 0x0e, 2);
    put(112, 1u << 10, 4);
    put_generic(116, ACPI_SPACE_IO, 0xcf9);
    put(128, 0xf, 1);
}

static void run(uint8_t revision, size_t size)
{
    acpi_memory_table("FACP", revision, fadt_body, size);
    acpi_memory_root(2);
    acpi_memory_run();
}

static void assert_register(struct acpi_register r, uint8_t space, uint64_t address)
{
    assert_int_equal(r.space, space);
    if (space != ACPI_SPACE_NONE)
        assert_int_equal(r.address, address);
}

static void test_fadt_v1(void **state)
{
    begin();
    run(1, FADT_V1);
    assert_int_equal(acpi_warnings, 0);
    const struct acpi_fadt *fadt = acpi_fadt();
    assert_register(fadt->pm1a_control, ACPI_SPACE_IO, 0x604);
    assert_register(fadt->pm1b_control, ACPI_SPACE_NONE, 0);
    assert_register(fadt->sleep_control, ACPI_SPACE_NONE, 0);
    assert_register(fadt->reset, ACPI_SPACE_NONE, 0); /* not in a table of this length */
    assert_int_equal(fadt->smi_command, 0xb2);
    assert_int_equal(fadt->acpi_enable, 0xf1);
    assert_true(fadt->has_s5);
    assert_int_equal(fadt->sleep_type_a, 5);
    assert_int_equal(fadt->sleep_type_b, 6);
    assert_register(acpi_pm_timer()->counter, ACPI_SPACE_IO, 0x608);
    assert_int_equal(acpi_pm_timer()->mask, 0xffffff);
    assert_int_equal(acpi_century_register(), 0x32);
    /* Version 1.0 leaves these undefined. */
    assert_true(acpi_has_8042());
    assert_true(acpi_has_vga());
    assert_false(acpi_msi_unsupported());
}

static void test_fadt_v3(void **state)
{
    begin();
    put(112, 1u << 10 | 1u << 8, 4);
    put(109, 0x0c, 2); /* no 8042, no VGA, no MSI */
    put_generic(172, ACPI_SPACE_IO, 0x1804);
    put_generic(184, ACPI_SPACE_MEMORY, 0xfed80000);
    put_generic(208, ACPI_SPACE_MEMORY, 0xfed80808);
    put(140, acpi_memory_unlisted("DSDT", 2, s5, sizeof s5), 8);
    put(40, 0x12345678, 4); /* which is then of no interest */
    run(3, FADT_V3);
    assert_int_equal(acpi_warnings, 0);
    const struct acpi_fadt *fadt = acpi_fadt();
    assert_register(fadt->pm1a_control, ACPI_SPACE_IO, 0x1804);
    assert_register(fadt->pm1b_control, ACPI_SPACE_MEMORY, 0xfed80000);
    assert_register(fadt->reset, ACPI_SPACE_IO, 0xcf9);
    assert_int_equal(fadt->reset_value, 0xf);
    assert_true(fadt->has_s5);
    assert_register(acpi_pm_timer()->counter, ACPI_SPACE_MEMORY, 0xfed80808);
    assert_int_equal(acpi_pm_timer()->mask, 0xffffffff);
    assert_false(acpi_has_8042());
    assert_false(acpi_has_vga());
    assert_true(acpi_msi_unsupported());
}

static void test_hardware_reduced(void **state)
{
    begin();
    put(112, 1u << 10 | 1u << 20, 4);
    put_generic(244, ACPI_SPACE_MEMORY, 0xfea00000);
    run(6, FADT_V6);
    assert_register(acpi_fadt()->sleep_control, ACPI_SPACE_MEMORY, 0xfea00000);
    assert_register(acpi_fadt()->pm1a_control, ACPI_SPACE_NONE, 0);
    assert_null(acpi_pm_timer());
}

/* Registers where none can be. */
static void test_bad_registers(void **state)
{
    static const struct {
        uint8_t space;
        uint64_t address;
    } bad[] = {{ACPI_SPACE_IO, 0}, {ACPI_SPACE_IO, 0x10000}, {ACPI_SPACE_IO, 0xffff}, {ACPI_SPACE_MEMORY, 1ull << 52},
        {3, 0x600}, {0x7f, 0x600}, {0xff, 0x600}, {ACPI_SPACE_PCI, 0x1234}};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        begin();
        put_generic(172, bad[i].space, bad[i].address);
        put_generic(208, bad[i].space, bad[i].address);
        run(3, FADT_V3);
        assert_register(acpi_fadt()->pm1a_control, ACPI_SPACE_IO, 0x604); /* then the old fields count */
        assert_register(acpi_pm_timer()->counter, ACPI_SPACE_IO, 0x608);
    }
    begin();
    put(64, 0xffff, 4);
    put(76, 0xfffd, 4);
    put(48, 0x10000, 4);
    put(108, 0x0d, 1);
    put_generic(116, 3, 0xcf9);
    run(3, FADT_V3);
    assert_register(acpi_fadt()->pm1a_control, ACPI_SPACE_NONE, 0);
    assert_null(acpi_pm_timer());
    assert_int_equal(acpi_fadt()->smi_command, 0);
    assert_int_equal(acpi_century_register(), 0);
    assert_register(acpi_fadt()->reset, ACPI_SPACE_NONE, 0);
    assert_int_equal(acpi_warnings, 1);
    begin();
    put(91, 0, 1);
    put(108, 0x80, 1);
    run(3, FADT_V3);
    assert_null(acpi_pm_timer());
    assert_int_equal(acpi_century_register(), 0);
}

static void test_fadt_lengths(void **state)
{
    for (size_t size = 0; size <= FADT_V6; size++) {
        begin();
        put_generic(172, ACPI_SPACE_IO, 0x1804);
        run(3, size);
        assert_int_equal(acpi_warnings, size < FADT_V1);
        assert_register(acpi_fadt()->pm1a_control, size < FADT_V1 ? ACPI_SPACE_NONE : ACPI_SPACE_IO,
            size < 184 - 36 ? 0x604 : 0x1804);
        assert_int_equal(acpi_fadt()->reset.space, size < 129 - 36 ? ACPI_SPACE_NONE : ACPI_SPACE_IO);
    }
}

static void test_bad_dsdt(void **state)
{
    static const uint32_t bad[] = {0, 1, ACPI_MEMORY_SIZE, UINT32_MAX, ACPI_MEMORY_RSDP};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        begin();
        put(40, bad[i], 4);
        acpi_memory_table("SSDT", 1, s5, sizeof s5);
        acpi_memory_table("SSDT", 1, NULL, 0);
        run(1, FADT_V1);
        assert_true(acpi_fadt()->has_s5); /* from the SSDT */
    }
    begin();
    put(40, acpi_memory_unlisted("TSDT", 2, s5, sizeof s5), 4);
    run(1, FADT_V1);
    assert_false(acpi_fadt()->has_s5);
    assert_int_equal(acpi_warnings, 1);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void test_hpet(void **state)
{
    uint8_t body[20] = {1, 2, 0x86, 0x80, 0, 64, 0, 0, 0, 0, 0xd0, 0xfe};
    acpi_memory_reset();
    acpi_memory_table("HPET", 1, body, sizeof body);
    body[9] = 0x10;
    acpi_memory_table("HPET", 1, body, sizeof body); /* the second block is not ours */
    acpi_memory_root(2);
    acpi_memory_run();
    assert_int_equal(acpi_hpet_address(), 0xfed00000);
    assert_int_equal(acpi_warnings, 0);

    static const uint8_t bad[][2] = {{4, ACPI_SPACE_IO}, {4, 0xff}, {8, 4}, {15, 0x10}};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        uint8_t wrong[20] = {1, 2, 0x86, 0x80, 0, 64, 0, 0, 0, 0, 0xd0, 0xfe};
        wrong[bad[i][0]] = bad[i][1];
        acpi_memory_reset();
        acpi_memory_table("HPET", 1, wrong, sizeof wrong);
        acpi_memory_root(2);
        acpi_memory_run();
        assert_int_equal(acpi_hpet_address(), 0);
        assert_int_equal(acpi_warnings, 1);
    }
    acpi_memory_reset();
    acpi_memory_table("HPET", 1, body, sizeof body - 1);
    acpi_memory_root(2);
    acpi_memory_run();
    assert_int_equal(acpi_hpet_address(), 0);
}

static void test_mcfg(void **state)
{
    static const struct {
        uint64_t address;
        uint16_t segment;
        uint8_t first, last;
        bool good;
    } ranges[] = {
        {0xb0000000, 0, 0, 0x7f, true},
        {0xb0000000, 0, 0x40, 0xff, false}, /* overlaps */
        {0xe0000000, 0, 0x80, 0xff, true},
        {0x4000000000, 1, 0, 0, true},
        {0, 2, 0, 255, false},
        {0xb0080000, 2, 0, 255, false},
        {0xb0000000, 2, 5, 4, false},
        {1ull << 60, 2, 0, 255, false},
    };
    uint8_t body[8 + 16 * ARRAY_LENGTH(ranges) + 15] = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(ranges); i++) {
        memcpy(body + 8 + 16 * i, &ranges[i].address, 8);
        memcpy(body + 16 + 16 * i, &ranges[i].segment, 2);
        body[18 + 16 * i] = ranges[i].first;
        body[19 + 16 * i] = ranges[i].last;
    }
    acpi_memory_reset();
    acpi_memory_table("MCFG", 1, body, sizeof body); /* with a part of one more */
    acpi_memory_root(0);
    acpi_memory_run();
    unsigned n = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(ranges); i++) {
        if (!ranges[i].good)
            continue;
        assert_int_equal(acpi_mcfg(n)->address, ranges[i].address);
        assert_int_equal(acpi_mcfg(n)->segment, ranges[i].segment);
        assert_int_equal(acpi_mcfg(n)->first_bus, ranges[i].first);
        assert_int_equal(acpi_mcfg(n)->last_bus, ranges[i].last);
        n++;
    }
    assert_null(acpi_mcfg(n));
    assert_int_equal(acpi_warnings, ARRAY_LENGTH(ranges) - n);
}

static void test_too_many_mcfg(void **state)
{
    uint8_t body[8 + 16 * 20] = {0};
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t address = 0x10000000 * (i % 8 + 1);
        memcpy(body + 8 + 16 * i, &address, 4);
        body[16 + 16 * i] = (uint8_t)i;
    }
    acpi_memory_reset();
    acpi_memory_table("MCFG", 1, body, sizeof body);
    acpi_memory_root(0);
    acpi_memory_run();
    assert_int_equal(acpi_mcfg(15)->segment, 15);
    assert_null(acpi_mcfg(16));
    assert_int_equal(acpi_warnings, 1);
}

/* ------------------------------------------------------------------------------------------------------------------ */

/* Looks in a copy that ends where the code ends. */
static bool find(const uint8_t *aml, size_t length, uint8_t *a, uint8_t *b)
{
    uint8_t *copy = malloc(length + (length == 0));
    memcpy(copy, aml, length);
    bool found = acpi_aml_find_s5(copy, length, a, b);
    free(copy);
    return found;
}

#define NAME 0x08, '_', 'S', '5', '_'

static void test_s5_forms(void **state)
{
    static const struct {
        uint8_t code[24];
        uint8_t length;
        uint8_t a, b;
    } forms[] = {
        {{NAME, 0x12, 6, 4, 0, 0, 0, 0}, 12, 0, 0}, {{NAME, 0x12, 4, 2, 1, 1}, 10, 1, 1},
        {{0x08, '\\', '_', 'S', '5', '_', 0x12, 5, 2, 0x0a, 7, 0}, 12, 7, 0},
        {{NAME, 0x12, 0x48, 0, 2, 0x0b, 5, 0, 0x0a, 3}, 15, 5, 3}, /* two-byte length, a word */
        {{NAME, 0x12, 0x8d, 0, 0, 2, 0x0c, 5, 0, 0, 0, 0x0a, 4, 0, 0}, 19, 5, 4},
        {{NAME, 0x12, 0xcf, 0, 0, 0, 2, 0x0e, 5, 0, 0, 0, 0, 0, 0, 0, 1}, 21, 5, 1},
        {{NAME, 0x12, 5, 1, 0x0b, 5, 2}, 11, 5, 2},       /* both in one word */
        {{NAME, 0x13, 6, 0x0a, 2, 0x0a, 6, 1}, 13, 6, 1}, /* a package whose size is a number */
        {{0x5f, 'S', '5', '_', NAME, 0x12, 4, 2, 1, 0}, 14, 1, 0},
        {{NAME, 0x11, 0, NAME, 0x12, 4, 2, 0, 1}, 17, 0, 1}, /* the first is something else */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
        uint8_t a = 0xee, b = 0xee;
        assert_true(find(forms[i].code, forms[i].length, &a, &b));
        assert_int_equal(a, forms[i].a);
        assert_int_equal(b, forms[i].b);
    }
}

static void test_s5_nonsense(void **state)
{
    static const struct {
        uint8_t code[24];
        uint8_t length;
    } bad[] = {
        {{0}, 0},
        {{'_', 'S', '5', '_'}, 4},
        {{NAME}, 5},
        {{0x10, '_', 'S', '5', '_', 0x12, 4, 2, 1, 1}, 10}, /* no NameOp */
        {{'\\', '_', 'S', '5', '_', 0x12, 4, 2, 1, 1}, 10},
        {{NAME, 0x12, 4, 0, 1, 1}, 10},             /* an empty package */
        {{NAME, 0x12, 0, 2, 1, 1}, 10},             /* shorter than its own length */
        {{NAME, 0x12, 5, 2, 1, 1}, 10},             /* longer than the table */
        {{NAME, 0x12, 3, 2, 1, 1}, 10},             /* ends after one number */
        {{NAME, 0x12, 6, 2, 0x0a, 8, 0x0a, 0}, 12}, /* 8 has four bits */
        {{NAME, 0x12, 4, 2, 0xff, 0xff}, 10},
        {{NAME, 0x12, 6, 2, 'A', 'B', 'C', 'D'}, 12}, /* names, not numbers */
        {{NAME, 0x12, 0xff, 0xff, 0xff, 0xff, 2, 1, 1}, 14},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        uint8_t a, b;
        assert_false(find(bad[i].code, bad[i].length, &a, &b));
    }
    for (size_t length = 0; length < sizeof s5; length++) {
        uint8_t a, b;
        assert_false(find(s5, length, &a, &b));
    }
}

UNIT_MAIN(cmocka_unit_test(test_fadt_v1), cmocka_unit_test(test_fadt_v3), cmocka_unit_test(test_hardware_reduced),
    cmocka_unit_test(test_bad_registers), cmocka_unit_test(test_fadt_lengths), cmocka_unit_test(test_bad_dsdt),
    cmocka_unit_test(test_hpet), cmocka_unit_test(test_mcfg), cmocka_unit_test(test_too_many_mcfg),
    cmocka_unit_test(test_s5_forms), cmocka_unit_test(test_s5_nonsense))
