/*
 * The search for I/O APICs (boot/loader/acpi.c): tables as firmware leaves them, good and broken, in memory below 4 GiB
 * where the loader reads them at their physical addresses.
 */
#include "tests/unit/unit.h"

#include "boot/loader/loader_internal.h"

#include <string.h>
#include <sys/mman.h>

#define ARENA_SIZE 0x40000
#define RSDP 0x100 /* offsets in the arena */
#define ROOT 0x1000
#define FADT 0x2000
#define MADT 0x3000
#define IO_APIC 0x10000 /* and every page from there on */
#define MAX_FOUND 4

static uint8_t *arena; /* at its physical address */

static uint32_t address_of(uint32_t offset)
{
    return (uint32_t)(uintptr_t)(arena + offset);
}

static void put(uint32_t offset, uint64_t value, size_t size)
{
    memcpy(arena + offset, &value, size);
}

static void seal(uint32_t offset, uint32_t length)
{
    uint8_t sum = 0;
    put(offset + 4, length, 4);
    arena[offset + 9] = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + arena[offset + i]);
    arena[offset + 9] = (uint8_t)-sum;
}

static uint32_t found[MAX_FOUND + 1];

/* Was I/O APIC N listed? */
static void assert_found(uint32_t n, bool expected)
{
    bool is_found = false;
    for (uint32_t i = 0; i < MAX_FOUND; i++)
        is_found = is_found || found[i] == address_of(IO_APIC + 0x1000 * n);
    assert_int_equal(is_found, expected);
    assert_int_equal(found[MAX_FOUND], 0);
}

static void find(paddr_t rsdp)
{
    memset(found, 0, sizeof found);
    acpi_find_io_apics(rsdp, found, MAX_FOUND);
}

/* Tables with a MADT of two I/O APICs, number 0 and 1, between other entries. REVISION 2 brings an XSDT. */
static void make(uint8_t revision)
{
    memset(arena, 0, ARENA_SIZE);
    uint32_t width = revision >= 2 ? 8 : 4;
    memcpy(arena + RSDP, "RSD PTR ", 8);
    arena[RSDP + 15] = revision;
    put(RSDP + (revision >= 2 ? 24 : 16), address_of(ROOT), width);
    memcpy(arena + ROOT, revision >= 2 ? "XSDT" : "RSDT", 4);
    put(ROOT + 36, address_of(FADT), width);
    put(ROOT + 36 + width, address_of(MADT), width);
    seal(ROOT, 36 + 2 * width);
    memcpy(arena + FADT, "FACP", 4);
    seal(FADT, 116);
    memcpy(arena + MADT, "APIC", 4);
    static const uint8_t entries[] = {0, 8, 0, 0, 1, 0, 0, 0, 1, 12, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 10, 0, 0, 2, 0, 0,
        0, 0, 0, 1, 12, 3, 0, 0, 0, 0, 0, 24, 0, 0, 0};
    memcpy(arena + MADT + 44, entries, sizeof entries);
    put(MADT + 44 + 12, address_of(IO_APIC), 4);
    put(MADT + 44 + 34, address_of(IO_APIC + 0x1000), 4);
    seal(MADT, 44 + sizeof entries);
}

static void run(void)
{
    find(address_of(RSDP));
}

static int make_arena(void **state)
{
    arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    return arena == MAP_FAILED ? -1 : 0;
}

static int free_arena(void **state)
{
    return munmap(arena, ARENA_SIZE);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void test_finds(void **state)
{
    for (uint8_t revision = 0; revision <= 6; revision += 2) {
        make(revision);
        run();
        assert_found(0, true);
        assert_found(1, true);
        assert_found(2, false);
    }
}

/* ACPI 2 without an XSDT, as some firmware has it, falls back to the RSDT. */
static void test_no_xsdt(void **state)
{
    make(0);
    arena[RSDP + 15] = 2;
    run();
    assert_found(0, true);
}

static void test_nothing_there(void **state)
{
    make(0);
    find(0);
    find(GIB(4) - 1);
    find(1ull << 40);
    assert_found(0, false);
    static const uint64_t roots[] = {0, GIB(4) - 0x10000, GIB(4) - 1};
    for (size_t i = 0; i < ARRAY_LENGTH(roots); i++) {
        make(0);
        put(RSDP + 16, roots[i], 4);
        run();
        make(2);
        put(RSDP + 24, roots[i] + GIB(4), 8);
        run();
        assert_found(0, false);
    }
    /* Entries of the root that lead nowhere do not hide those behind them. */
    make(2);
    put(ROOT + 36, 0xfedcba9876543210, 8);
    seal(ROOT, 52);
    run();
    assert_found(1, true);
}

static void test_bad_checksums(void **state)
{
    make(0);
    arena[ROOT + 20]++;
    run();
    make(2);
    arena[MADT + 20]++;
    run();
    assert_found(0, false);
    make(0);
    arena[FADT + 50]++; /* no one's business */
    run();
    assert_found(0, true);
}

static void test_bad_lengths(void **state)
{
    static const uint32_t lengths[] = {0, 1, 35, 0x10001, 0x7fffffff, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        make(0);
        put(MADT + 4, lengths[i], 4);
        run();
        make(0);
        put(ROOT + 4, lengths[i], 4);
        run();
        assert_found(0, false);
    }
    /* The MADT, and the root, end at every byte: an entry counts when all of it is there. */
    for (uint32_t length = 36; length <= 44 + 42; length++) {
        make(0);
        seal(MADT, length);
        run();
        assert_found(0, length >= 44 + 20);
        assert_found(1, length >= 44 + 42);
    }
    for (uint32_t length = 36; length <= 52; length++) {
        make(2);
        seal(ROOT, length);
        run();
        assert_found(0, length >= 52);
    }
}

static void test_bad_entries(void **state)
{
    for (uint8_t length = 0; length < 2; length++) {
        make(0);
        arena[MADT + 44 + 21] = length; /* of the one between the two: what follows cannot be found */
        seal(MADT, 44 + 42);
        run();
        assert_found(0, true);
        assert_found(1, false);
    }
    make(0);
    put(MADT + 44 + 12, 0xfffff, 4); /* below 1 MiB is no place for one */
    seal(MADT, 44 + 42);
    run();
    assert_found(1, true);
}

/* A machine with more of them than there is room for: the first ones are found, and nothing is written beyond. */
static void test_too_many(void **state)
{
    make(0);
    for (uint32_t n = 0; n < MAX_FOUND + 2; n++) {
        static const uint8_t entry[12] = {1, 12};
        memcpy(arena + MADT + 44 + 12 * n, entry, sizeof entry);
        put(MADT + 44 + 12 * n + 4, address_of(IO_APIC + 0x1000 * n), 4);
    }
    seal(MADT, 44 + 12 * (MAX_FOUND + 2));
    run();
    for (uint32_t n = 0; n < MAX_FOUND + 2; n++)
        assert_found(n, n < MAX_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)

UNIT_MAIN(TEST(test_finds), TEST(test_no_xsdt), TEST(test_nothing_there), TEST(test_bad_checksums),
    TEST(test_bad_lengths), TEST(test_bad_entries), TEST(test_too_many))
