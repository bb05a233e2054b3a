/*
 * The kernel's parser of ACPI tables (kernel/arch/acpi): the way to the tables, and the MADT. tests/unit/
 * acpi_devices_test.c has the others.
 */
#include "tests/unit/unit.h"

#include "tests/unit/acpi_memory.h"

#include <string.h>

/* A MADT with everything: three processors (one asleep for good), two I/O APICs, overrides, NMIs. */
static const uint8_t full_madt[] = {
    0x00, 0x00, 0xe0, 0xfe, 1, 0, 0, 0,               /* local APICs at fee00000h; 8259s */
    0, 8, 0, 0, 1, 0, 0, 0,                           /* UID 0: APIC 0, enabled */
    4, 6, 1, 5, 0, 1,                                 /* NMI of UID 1: LINT1, active high, edge */
    0, 8, 1, 2, 1, 0, 0, 0,                           /* UID 1: APIC 2, enabled */
    0, 8, 2, 4, 0, 0, 0, 0,                           /* UID 2: APIC 4, neither */
    0, 8, 3, 6, 2, 0, 0, 0,                           /* UID 3: APIC 6, may come */
    9, 16, 0, 0, 0, 3, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0,  /* UID 9: x2APIC 300h, enabled */
    10, 12, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0,             /* NMI of UID 9: LINT0 */
    1, 12, 7, 0, 0x00, 0x00, 0xc0, 0xfe, 0, 0, 0, 0,  /* I/O APIC 7: GSI 0 and on */
    1, 12, 8, 0, 0x00, 0x10, 0xc0, 0xfe, 24, 0, 0, 0, /* I/O APIC 8: GSI 24 and on */
    2, 10, 0, 0, 2, 0, 0, 0, 0, 0,                    /* IRQ 0: GSI 2 */
    2, 10, 0, 9, 9, 0, 0, 0, 0xf, 0,                  /* IRQ 9: active low, level */
    2, 10, 0, 5, 37, 0, 0, 0, 0xd, 0,                 /* IRQ 5: GSI 37, active high, level */
    5, 12, 0, 0, 0x00, 0x00, 0xe1, 0xfe, 1, 0, 0, 0,  /* local APICs at 1fee10000h */
    0x7f, 5, 1, 2, 3,                                 /* of a kind that is not known */
};

static uint32_t make_madt(const void *body, size_t size)
{
    acpi_memory_reset();
    uint32_t address = acpi_memory_table("APIC", 5, body, size);
    acpi_memory_root(2);
    return address;
}

static void assert_defaults(void)
{
    assert_int_equal(acpi_cpu_count(), 1);
    assert_int_equal(acpi_cpu(0)->apic_id, acpi_memory_boot_id);
    assert_true(acpi_cpu(0)->enabled);
    assert_int_equal(acpi_ioapic_count(), 0);
    assert_null(acpi_ioapic(0));
    assert_int_equal(acpi_lapic_address(), 0xfee00000);
    assert_true(acpi_has_8259());
    assert_int_equal(acpi_isa_irq_to_gsi(0, NULL, NULL), 0);
    assert_int_equal(acpi_hpet_address(), 0);
    assert_null(acpi_pm_timer());
    assert_null(acpi_mcfg(0));
    assert_true(acpi_has_8042());
    assert_true(acpi_has_vga());
    assert_false(acpi_msi_unsupported());
    assert_int_equal(acpi_century_register(), 0);
}

static void assert_full_madt(void)
{
    static const struct acpi_cpu cpus[] = {
        {.apic_id = 0, .acpi_id = 0, .enabled = true, .nmi_lint = ACPI_NO_LINT},
        {.apic_id = 2, .acpi_id = 1, .enabled = true, .nmi_lint = 1},
        {.apic_id = 6, .acpi_id = 3, .online_capable = true, .nmi_lint = ACPI_NO_LINT},
        {.apic_id = 0x300, .acpi_id = 9, .enabled = true, .nmi_lint = 0},
    };
    assert_int_equal(acpi_cpu_count(), ARRAY_LENGTH(cpus));
    for (unsigned i = 0; i < ARRAY_LENGTH(cpus); i++) {
        assert_int_equal(acpi_cpu(i)->apic_id, cpus[i].apic_id);
        assert_int_equal(acpi_cpu(i)->acpi_id, cpus[i].acpi_id);
        assert_int_equal(acpi_cpu(i)->enabled, cpus[i].enabled);
        assert_int_equal(acpi_cpu(i)->online_capable, cpus[i].online_capable);
        assert_int_equal(acpi_cpu(i)->nmi_lint, cpus[i].nmi_lint);
    }
    assert_null(acpi_cpu(ARRAY_LENGTH(cpus)));
    assert_int_equal(acpi_ioapic_count(), 2);
    assert_int_equal(acpi_ioapic(0)->id, 7);
    assert_int_equal(acpi_ioapic(0)->address, 0xfec00000);
    assert_int_equal(acpi_ioapic(1)->address, 0xfec01000);
    assert_int_equal(acpi_ioapic(1)->gsi_base, 24);
    assert_null(acpi_ioapic(2));
    assert_int_equal(acpi_lapic_address(), 0x1fee10000);
    assert_true(acpi_has_8259());
}

static void assert_irq(uint8_t irq, uint32_t gsi, enum acpi_polarity polarity, enum acpi_trigger trigger)
{
    enum acpi_polarity p;
    enum acpi_trigger t;
    assert_int_equal(acpi_isa_irq_to_gsi(irq, &p, &t), gsi);
    assert_int_equal(p, polarity);
    assert_int_equal(t, trigger);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void test_madt(void **state)
{
    make_madt(full_madt, sizeof full_madt);
    acpi_memory_run();
    assert_int_equal(acpi_warnings, 0);
    assert_full_madt();
    assert_irq(0, 2, ACPI_ACTIVE_HIGH, ACPI_EDGE);
    assert_irq(1, 1, ACPI_ACTIVE_HIGH, ACPI_EDGE);
    assert_irq(9, 9, ACPI_ACTIVE_LOW, ACPI_LEVEL);
    assert_irq(5, 37, ACPI_ACTIVE_HIGH, ACPI_LEVEL);
    assert_irq(255, 255, ACPI_ACTIVE_HIGH, ACPI_EDGE);
}

static void test_roots(void **state)
{
    for (uint8_t revision = 0; revision <= 6; revision += 2) {
        acpi_memory_reset();
        acpi_memory_table("APIC", 5, full_madt, sizeof full_madt);
        acpi_memory_table("OEM\xff", 1, NULL, 0);
        acpi_memory_root(revision);
        acpi_memory_run();
        assert_full_madt();
        assert_int_equal(acpi_warnings, 0);
    }
}

/* A damaged way to the XSDT leaves the RSDT. */
static void test_falls_back_to_rsdt(void **state)
{
    make_madt(full_madt, sizeof full_madt);
    uint32_t xsdt = acpi_memory_root(2);
    acpi_memory_root(0);
    acpi_memory[ACPI_MEMORY_RSDP + 15] = 2;
    acpi_memory_seal_rsdp();
    acpi_memory[ACPI_MEMORY_RSDP + 33]++; /* the extended checksum covers it */
    acpi_memory_run();
    assert_full_madt();
    assert_int_equal(acpi_warnings, 1);

    acpi_memory_seal_rsdp();
    acpi_memory[xsdt + 20]++;
    acpi_memory_run();
    assert_full_madt();
    assert_int_equal(acpi_warnings, 1);

    acpi_memory_put(ACPI_MEMORY_RSDP + 24, 0, 8);
    acpi_memory_seal_rsdp();
    acpi_memory_run();
    assert_full_madt();
    assert_int_equal(acpi_warnings, 0);

    acpi_memory_put(ACPI_MEMORY_RSDP + 20, 0xffffff, 4);
    acpi_memory_run();
    assert_full_madt();
}

static void test_no_tables(void **state)
{
    acpi_memory_reset();
    acpi_memory_boot_id = 17;
    acpi_memory_run_at(0);
    assert_int_equal(acpi_warnings, 0);
    assert_defaults();
    static const paddr_t nowhere[] = {
        1, ACPI_MEMORY_RSDP, ACPI_MEMORY_SIZE - 10, ACPI_MEMORY_SIZE, 1ull << 40, 1ull << 52, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(nowhere); i++) {
        acpi_memory_run_at(nowhere[i]);
        assert_int_equal(acpi_warnings, 1);
        assert_defaults();
    }
}

static void test_bad_rsdp(void **state)
{
    for (uint32_t at = 0; at < 20; at++) {
        make_madt(full_madt, sizeof full_madt);
        acpi_memory[ACPI_MEMORY_RSDP + at] ^= 0x40;
        acpi_memory_run();
        assert_defaults();
        assert_true(acpi_warnings > 0);
    }
    /* Of neither kind of root. */
    make_madt(full_madt, sizeof full_madt);
    acpi_memory_put(ACPI_MEMORY_RSDP + 24, 0x1000, 8); /* the MADT */
    acpi_memory_seal_rsdp();
    acpi_memory_run();
    assert_defaults();
}

/* Entries of the root that lead nowhere do not hide those behind them. */
static void test_bad_root_entries(void **state)
{
    static const paddr_t bad[] = {0, 3, ACPI_MEMORY_SIZE - 20, 0xfedcba9876543210, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        acpi_memory_reset();
        acpi_memory_table("JUNK", 1, NULL, 0);
        acpi_memory_table("APIC", 5, full_madt, sizeof full_madt);
        uint32_t root = acpi_memory_root(2);
        acpi_memory_put(root + 36, bad[i], 8);
        acpi_memory_seal(root, 52);
        acpi_memory_run();
        assert_full_madt();
    }
}

/* The root lists itself, and more tables than anyone has. */
static void test_root_bounds(void **state)
{
    acpi_memory_reset();
    for (unsigned i = 0; i < 255; i++)
        acpi_memory_table("JUNK", 1, NULL, 0);
    acpi_memory_table("APIC", 5, full_madt, sizeof full_madt); /* number 256 */
    acpi_memory_table("APIC", 5, full_madt, 8);                /* and one too many */
    uint32_t root = acpi_memory_root(2);
    acpi_memory_put(root + 36, root, 8);
    acpi_memory_seal(root, 36 + 257 * 8);
    acpi_memory_run();
    assert_full_madt();
    assert_int_equal(acpi_warnings, 1);
}

static void test_bad_table_header(void **state)
{
    static const uint32_t lengths[] = {0, 1, 35, 0x400001, 0x7fffffff, UINT32_MAX, ACPI_MEMORY_SIZE};
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        uint32_t madt = make_madt(full_madt, sizeof full_madt);
        acpi_memory_put(madt + 4, lengths[i], 4);
        acpi_memory_run();
        assert_int_equal(acpi_warnings, 1);
        assert_defaults();
    }
    uint32_t madt = make_madt(full_madt, sizeof full_madt);
    acpi_memory[madt + 50]++;
    acpi_memory_run();
    assert_string_equal(acpi_warning, "the checksum of table APIC is wrong; it is left out");
    assert_defaults();
}

static void test_second_madt(void **state)
{
    acpi_memory_reset();
    uint32_t broken = acpi_memory_table("APIC", 5, full_madt, sizeof full_madt);
    acpi_memory_table("APIC", 5, full_madt, sizeof full_madt);
    acpi_memory_table("APIC", 5, full_madt, 20);
    acpi_memory[broken + 60]++; /* a broken one does not count as the first */
    acpi_memory_root(2);
    acpi_memory_run();
    assert_full_madt();
    assert_int_equal(acpi_warnings, 2);
}

/* The MADT ends at every byte: an entry counts when all of it is there. */
static void test_cut_madt(void **state)
{
    for (uint32_t length = 36; length <= 36 + sizeof full_madt; length++) {
        uint32_t madt = make_madt(full_madt, sizeof full_madt);
        acpi_memory_seal(madt, length);
        acpi_memory_run();
        uint32_t body = length - 36;
        assert_int_equal(acpi_cpu_count(), 1 + (body >= 30) + (body >= 46) + (body >= 62));
        assert_int_equal(acpi_ioapic_count(), (body >= 86) + (body >= 98));
    }
}

static void test_bad_entry_length(void **state)
{
    for (unsigned length = 0; length < 8; length++) {
        uint8_t body[sizeof full_madt];
        memcpy(body, full_madt, sizeof body);
        body[22 + 1] = (uint8_t)length; /* of UID 1 */
        make_madt(body, sizeof body);
        acpi_memory_run();
        assert_true(acpi_warnings > 0);
        for (unsigned i = 0; i < acpi_cpu_count(); i++)
            assert_int_not_equal(acpi_cpu(i)->apic_id, 2);
    }
}

/* ------------------------------------------------------------------------------------------------------------------ */

#define MADT_HEAD 0x00, 0x00, 0xe0, 0xfe, 0, 0, 0, 0

static void test_boot_cpu_comes_first(void **state)
{
    static const uint8_t body[] = {
        MADT_HEAD, 0, 8, 10, 0, 1, 0, 0, 0, 0, 8, 11, 1, 1, 0, 0, 0, 0, 8, 12, 2, 1, 0, 0, 0};
    static const uint32_t order[3][3] = {{0, 1, 2}, {1, 0, 2}, {2, 0, 1}};
    for (uint32_t id = 0; id < 3; id++) {
        make_madt(body, sizeof body);
        acpi_memory_boot_id = id;
        acpi_memory_x2apic = id == 2;
        acpi_memory_run();
        assert_int_equal(acpi_cpu_count(), 3);
        assert_int_equal(acpi_warnings, 0);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(acpi_cpu(i)->apic_id, order[id][i]);
            assert_int_equal(acpi_cpu(i)->acpi_id, 10 + order[id][i]);
        }
        assert_false(acpi_has_8259());
    }
    make_madt(body, sizeof body);
    acpi_memory_boot_id = 9; /* not listed */
    acpi_memory_run();
    assert_int_equal(acpi_cpu_count(), 4);
    assert_int_equal(acpi_cpu(0)->apic_id, 9);
    assert_int_equal(acpi_warnings, 1);
}

/* The same processors as APICs and as x2APICs; the addresses that mean everyone. */
static void test_duplicate_cpus(void **state)
{
    static const uint8_t body[] = {MADT_HEAD, 0, 8, 0, 0, 1, 0, 0, 0, 0, 8, 1, 1, 1, 0, 0, 0, 9, 16, 0, 0, 1, 0, 0, 0,
        1, 0, 0, 0, 1, 0, 0, 0, 9, 16, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 255, 1, 0, 0, 0, 9, 16, 0, 0,
        255, 255, 255, 255, 1, 0, 0, 0, 3, 0, 0, 0};
    make_madt(body, sizeof body);
    acpi_memory_run();
    assert_int_equal(acpi_cpu_count(), 2);
    assert_int_equal(acpi_cpu(1)->apic_id, 1);
}

static void test_too_many_cpus(void **state)
{
    uint8_t body[8 + 16 * 300] = {MADT_HEAD};
    for (uint32_t i = 0; i < 300; i++) {
        uint8_t *entry = body + 8 + 16 * i;
        uint32_t id = 1000 + i;
        entry[0] = 9;
        entry[1] = 16;
        memcpy(entry + 4, &id, 4);
        entry[8] = 1;
    }
    make_madt(body, sizeof body);
    acpi_memory_x2apic = true;
    acpi_memory_boot_id = 1299; /* the last of them */
    acpi_memory_run();
    assert_int_equal(acpi_cpu_count(), ACPI_MAX_CPUS);
    assert_int_equal(acpi_cpu(0)->apic_id, 1299);
    assert_int_equal(acpi_cpu(255)->apic_id, 1254);
    assert_null(acpi_cpu(256));
    assert_string_equal(acpi_warning, "there are more than 256 processors; 44 are left out");
}

static void test_bad_ioapics(void **state)
{
    uint8_t body[8 + 12 * 70] = {MADT_HEAD};
    for (uint32_t i = 0; i < 70; i++) {
        uint8_t *entry = body + 8 + 12 * i;
        uint32_t address = 0xfec00000 + 0x1000 * i, gsi = 24 * i;
        entry[0] = 1;
        entry[1] = 12;
        entry[2] = (uint8_t)i;
        memcpy(entry + 4, &address, 4);
        memcpy(entry + 8, &gsi, 4);
    }
    make_madt(body, sizeof body);
    acpi_memory_run();
    assert_int_equal(acpi_ioapic_count(), 64);
    assert_int_equal(acpi_warnings, 6 + 1); /* and the boot processor's */

    memcpy(body + 8 + 12 + 4, body + 8 + 4, 4); /* number 1 where number 0 is */
    memcpy(body + 8 + 24 + 8, body + 8 + 8, 4); /* number 2 with number 0's interrupts */
    memset(body + 8 + 36 + 4, 0, 4);            /* number 3 nowhere */
    make_madt(body, 8 + 12 * 5);
    acpi_memory_run();
    assert_int_equal(acpi_ioapic_count(), 2);
    assert_int_equal(acpi_ioapic(1)->id, 4);
}

static void test_bad_overrides(void **state)
{
    static const uint8_t body[] = {MADT_HEAD, 2, 10, 1, 3, 50, 0, 0, 0, 0, 0, /* of bus 1 */
        2, 10, 0, 16, 51, 0, 0, 0, 0, 0,                                      /* IRQ 16 */
        2, 10, 0, 4, 52, 0, 0, 0, 0xa, 0,                                     /* reserved polarity and trigger */
        2, 10, 0, 4, 53, 0, 0, 0, 0, 0};                                      /* the second for IRQ 4 */
    make_madt(body, sizeof body);
    acpi_memory_run();
    assert_irq(3, 3, ACPI_ACTIVE_HIGH, ACPI_EDGE);
    assert_irq(16, 16, ACPI_ACTIVE_HIGH, ACPI_EDGE);
    assert_irq(4, 52, ACPI_ACTIVE_HIGH, ACPI_EDGE);
    assert_int_equal(acpi_warnings, 3 + 1);
}

static void test_nmis(void **state)
{
    static const uint8_t body[] = {MADT_HEAD, 0, 8, 0, 0, 1, 0, 0, 0, 0, 8, 1, 1, 1, 0, 0, 0, 4, 6, 0xff, 0xf, 0, 1, 4,
        6, 1, 0, 0, 2}; /* everyone's at LINT1, level and low; one at LINT2, which is not there */
    make_madt(body, sizeof body);
    acpi_memory_run();
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(acpi_cpu(i)->nmi_lint, 1);
        assert_int_equal(acpi_cpu(i)->nmi_polarity, ACPI_ACTIVE_LOW);
        assert_int_equal(acpi_cpu(i)->nmi_trigger, ACPI_LEVEL);
    }
    assert_int_equal(acpi_warnings, 1);
}

static void test_bad_lapic_address(void **state)
{
    uint8_t body[] = {MADT_HEAD, 0, 8, 0, 0, 1, 0, 0, 0, 5, 12, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0};
    make_madt(body, sizeof body);
    acpi_memory_run();
    assert_int_equal(acpi_lapic_address(), 0xfee00000);
    assert_int_equal(acpi_warnings, 1);
    memset(body, 0, 4);
    make_madt(body, 16);
    acpi_memory_run();
    assert_int_equal(acpi_lapic_address(), 0xfee00000);
}

UNIT_MAIN(cmocka_unit_test(test_madt), cmocka_unit_test(test_roots), cmocka_unit_test(test_falls_back_to_rsdt),
    cmocka_unit_test(test_no_tables), cmocka_unit_test(test_bad_rsdp), cmocka_unit_test(test_bad_root_entries),
    cmocka_unit_test(test_root_bounds), cmocka_unit_test(test_bad_table_header), cmocka_unit_test(test_second_madt),
    cmocka_unit_test(test_cut_madt), cmocka_unit_test(test_bad_entry_length),
    cmocka_unit_test(test_boot_cpu_comes_first), cmocka_unit_test(test_duplicate_cpus),
    cmocka_unit_test(test_too_many_cpus), cmocka_unit_test(test_bad_ioapics), cmocka_unit_test(test_bad_overrides),
    cmocka_unit_test(test_nmis), cmocka_unit_test(test_bad_lapic_address))
