/*
 * The memory-map sanitiser (boot/loader/memory_map.c): maps of real machines, absurd maps, and thousands of random
 * ones, all compared with an oracle that works page by page (tests/unit/boot/memory_oracle.h).
 */
#include "tests/unit/unit.h"

#include "tests/unit/boot/memory_oracle.h"
#include "tests/unit/boot/random.h"

#include <string.h>

#define USABLE BOOT_MEMORY_USABLE
#define RESERVED BOOT_MEMORY_RESERVED
#define ACPI BOOT_MEMORY_ACPI_RECLAIMABLE
#define NVS BOOT_MEMORY_ACPI_NVS
#define TOP MEMORY_MAP_LIMIT /* of the map: 16 TiB less a page */

static struct memory_map map;

static void fill(const struct memory_entry *entries, size_t count)
{
    memset(&map, 0, sizeof map);
    for (size_t i = 0; i < count; i++)
        memory_map_add(&map, entries[i].base, entries[i].length, entries[i].type);
    const char *problem = oracle_check(&map, entries, count);
    if (problem) {
        for (size_t i = 0; i < count; i++)
            print_error("entry %#llx + %#llx type %u\n", (unsigned long long)entries[i].base,
                (unsigned long long)entries[i].length, entries[i].type);
        fail_msg("%s", problem);
    }
}

static void check_find(uint64_t size, paddr_t limit, const struct memory_entry *entries, size_t count)
{
    paddr_t found = memory_map_find(&map, size, limit);
    const char *problem = oracle_check_find(&map, size, limit, found, entries, count);
    if (problem)
        fail_msg("find %#llx below %#llx gives %#llx: %s", (unsigned long long)size, (unsigned long long)limit,
            (unsigned long long)found, problem);
}

#define FILL(...)                                                                                                      \
    static const struct memory_entry entries[] = {__VA_ARGS__};                                                        \
    fill(entries, ARRAY_LENGTH(entries))

static void assert_range(uint32_t i, uint64_t base, uint64_t end, uint32_t type)
{
    assert_in_range(i, 0, map.count - 1);
    assert_int_equal(map.ranges[i].base, base);
    assert_int_equal(map.ranges[i].base + map.ranges[i].length, end);
    assert_int_equal(map.ranges[i].type, type);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Real machines
 */

/* SeaBIOS on QEMU's q35 with 5 GiB on an AMD processor: the hole for HyperTransport lies just below 1 TiB. */
static void test_seabios(void **state)
{
    FILL({0, 0x9fc00, USABLE}, {0x9fc00, 0x400, RESERVED}, {0xf0000, 0x10000, RESERVED}, {0x100000, 0x7fee0000, USABLE},
        {0x7ffe0000, 0x20000, RESERVED}, {0xb0000000, 0x10000000, RESERVED}, {0xfed1c000, 0x4000, RESERVED},
        {0xfeffc000, 0x4000, RESERVED}, {0xfffc0000, 0x40000, RESERVED}, {0x100000000, 0xc0000000, USABLE},
        {0xfd00000000, 0x300000000, RESERVED});
    assert_int_equal(map.count, 11);
    assert_range(0, 0x1000, 0x9f000, USABLE); /* page 0 is no one's, and 9f000 is partly reserved */
    assert_range(1, 0x9f000, 0xa0000, RESERVED);
    assert_range(3, 0x100000, 0x7ffe0000, USABLE);
    assert_range(10, 0xfd00000000, 0x10000000000, RESERVED);
    assert_int_equal(memory_map_find(&map, 1, 0), 0x100000);
    assert_int_equal(memory_map_find(&map, MIB(14), 0), 0x100000);
    assert_int_equal(memory_map_find(&map, MIB(15), 0), 0x1000000);
    assert_int_equal(memory_map_find(&map, GIB(2), 0), 0x100000000);
    assert_int_equal(memory_map_find(&map, GIB(2), GIB(4)), 0);
    assert_int_equal(memory_map_total(&map, USABLE), 0x9e000 + 0x7fee0000ull + 0xc0000000);
}

/* OVMF lists every little region of its own, most of them neighbours of one type once boot services have ended. */
static void test_ovmf(void **state)
{
    FILL({0, 0x1000, USABLE}, {0x1000, 0x9f000, USABLE}, {0x100000, 0x700000, USABLE}, {0x800000, 0x8000, NVS},
        {0x808000, 0x3000, USABLE}, {0x80b000, 0x1000, NVS}, {0x80c000, 0x5000, USABLE}, {0x811000, 0xef000, NVS},
        {0x900000, 0x1700000, USABLE}, {0x2000000, 0x20000, USABLE}, {0x2020000, 0x5a00000, USABLE},
        {0x7a20000, 0x9e000, USABLE}, {0x7abe000, 0x24000, BOOT_MEMORY_FIRMWARE}, {0x7ae2000, 0x9000, ACPI},
        {0x7aeb000, 0x4000, NVS}, {0x7aef000, 0x200000, USABLE}, {0x7cef000, 0x100000, BOOT_MEMORY_FIRMWARE},
        {0x7def000, 0x100000, BOOT_MEMORY_FIRMWARE}, {0x7eef000, 0x80000, RESERVED}, {0x7f6f000, 0x12000, ACPI},
        {0x7f81000, 0x7f000, NVS}, {0xffc00000, 0x400000, RESERVED});
    assert_range(0, 0x1000, 0xa0000, USABLE);
    assert_range(1, 0x100000, 0x800000, USABLE);
    assert_range(7, 0x900000, 0x7abe000, USABLE);
    assert_int_equal(map.count, 17);
    assert_int_equal(memory_map_find(&map, MIB(8), 0), MIB(16));
}

/* Overlapping and empty entries, as a Limine user met them; types that no specification has; disabled memory. */
static void test_odd_firmware(void **state)
{
    FILL({0, 0xa0000, USABLE}, {0x9d800, 0x2800, RESERVED}, {0xe0000, 0x20000, RESERVED},
        {0x100000, 0x1ff00000, USABLE}, {0x20000000, 0, USABLE}, {0x20000000, 0x200000, RESERVED},
        {0x1ff00000, 0x400000, 0x14}, {0x20200000, 0x1fe00000, USABLE}, {0x40004000, 0, RESERVED},
        {0x3ff00000, 0x8000, 7}, {0x3ff04000, 0x8000, 0xf0000000}, {0x3ff10000, 0xff0000, 12}, {0, 0, 0},
        {0x3e000000, 0x1000, BOOT_MEMORY_BAD}, {0x3e000800, 1, NVS});
    for (uint32_t i = 0; i < map.count; i++)
        assert_in_range(map.ranges[i].type, USABLE, BOOT_MEMORY_BAD);
    assert_false(memory_map_is_usable(&map, 0x1ff00000, PAGE_SIZE));
    assert_true(memory_map_is_usable(&map, 0x100000, 0x1fe00000));
    assert_false(memory_map_is_usable(&map, 0x100000, 0x1fe00001));
    assert_int_equal(memory_map_total(&map, BOOT_MEMORY_BAD), PAGE_SIZE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Rules
 */

static void test_strongest_type_wins(void **state)
{
    for (uint32_t strong = 2; strong <= BOOT_MEMORY_BAD; strong++) {
        for (uint32_t weak = 1; weak < strong; weak++) {
            struct memory_entry entries[] = {{MIB(1), MIB(4), strong}, {MIB(3), MIB(4), weak}};
            for (int order = 0; order < 2; order++) {
                fill(entries, 2);
                assert_int_equal(map.count, 2);
                assert_range(0, MIB(1), MIB(5), strong);
                assert_range(1, MIB(5), MIB(7), weak);
                struct memory_entry swap = entries[0];
                entries[0] = entries[1];
                entries[1] = swap;
            }
        }
    }
}

/* USABLE shrinks to whole pages, the others grow to them. */
static void test_rounding(void **state)
{
    static const uint64_t bases[] = {MIB(2), MIB(2) + 1, MIB(2) + 4095};
    static const uint64_t lengths[] = {1, 4094, 4095, 4096, 4097, 8191, 8192, 12288};
    for (size_t b = 0; b < ARRAY_LENGTH(bases); b++) {
        for (size_t l = 0; l < ARRAY_LENGTH(lengths); l++) {
            for (uint32_t type = 0; type <= 13; type++) {
                struct memory_entry entry = {bases[b], lengths[l], type};
                fill(&entry, 1);
            }
        }
    }
    struct memory_entry entry = {MIB(2) + 1, 8191, USABLE};
    fill(&entry, 1);
    assert_range(0, MIB(2) + 4096, MIB(2) + 8192, USABLE);
    entry.type = RESERVED;
    fill(&entry, 1);
    assert_range(0, MIB(2), MIB(2) + 8192, RESERVED);
}

static void test_page_zero(void **state)
{
    struct memory_entry entries[] = {{0, MIB(1), USABLE}, {0, 1, RESERVED}};
    fill(entries, 1);
    assert_range(0, 0x1000, MIB(1), USABLE);
    assert_false(memory_map_is_usable(&map, 0, 1));
    fill(entries, 2);
    assert_range(0, 0, 0x1000, RESERVED);
}

/* Entries that wrap around the address space, or reach the limit of 16 TiB from either side, one alone and in pairs. */
static void test_absurd_numbers(void **state)
{
    static const uint64_t numbers[] = {0, 1, 4095, 4096, 4097, MIB(1), MIB(15) + 1, GIB(4) - 1, GIB(4), TOP - 4097,
        TOP - 1, TOP, TOP + 1, TOP + 4095, TOP + 4096, TOP + 4097, 1ull << 52, 1ull << 63, -4097ull, -4096ull, -4095ull,
        -1ull};
    for (size_t b = 0; b < ARRAY_LENGTH(numbers); b++) {
        for (size_t l = 0; l < ARRAY_LENGTH(numbers); l++) {
            for (uint32_t type = USABLE; type <= RESERVED; type += RESERVED - USABLE) {
                struct memory_entry entries[] = {{numbers[b], numbers[l], type}, {MIB(1), GIB(1), USABLE}};
                fill(entries, 1);
                fill(entries, 2);
                check_find(MIB(1), 0, entries, 2);
            }
        }
    }
}

static void test_claims(void **state)
{
    struct memory_entry entries[32] = {{0, 0x9fc00, USABLE}, {MIB(1), MIB(31), USABLE}};
    size_t count = 2;
    fill(entries, count);
    while (count < ARRAY_LENGTH(entries)) {
        uint64_t size = count % 3 ? count * 5000 : MIB(1);
        check_find(size, MIB(30), entries, count);
        paddr_t place = memory_map_find(&map, size, MIB(30));
        assert_int_not_equal(place, 0);
        assert_true(memory_map_is_usable(&map, place, size));
        entries[count] = (struct memory_entry){place, size, BOOT_MEMORY_BOOT + count % 4};
        count++;
        fill(entries, count);
        for (size_t i = 2; i < count; i++)
            assert_false(memory_map_is_usable(&map, entries[i].base, 1));
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * memory_map_find
 */

static void test_find_limits(void **state)
{
    FILL({0, MIB(64), USABLE});
    static const struct {
        uint64_t size, limit, found;
    } cases[] = {
        {0, 0, 0},
        {1, 0, MIB(1)},
        {MIB(14), 0, MIB(1)},
        {MIB(14) + 1, 0, MIB(16)},
        {MIB(48), 0, MIB(16)},
        {MIB(48) + 1, 0, 0},
        {1, MIB(1), 0},
        {1, MIB(1) + 4095, 0},
        {1, MIB(1) + 4096, MIB(1)},
        {4097, MIB(1) + 4096, 0},
        {MIB(14), MIB(15), MIB(1)},
        {MIB(14) + 1, MIB(16), 0},
        {MIB(14) + 1, MIB(31), MIB(16)},
        {MIB(48), MIB(64) - 1, 0},
        {1, 1, 0},
        {1, UINT64_MAX, MIB(1)},
        {TOP, 0, 0},
        {TOP + 1, 0, 0},
        {TOP + 4096, 0, 0},
        {TOP + 4097, 0, 0},
        {UINT64_MAX, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(memory_map_find(&map, cases[i].size, cases[i].limit), cases[i].found);
        check_find(cases[i].size, cases[i].limit, entries, 1);
    }
}

static void test_find_isa_hole(void **state)
{
    FILL({MIB(14), MIB(1) + 0x8000, USABLE}, {MIB(16) - 0x8000, 0x10000, USABLE}, {MIB(32), MIB(1), USABLE});
    assert_int_equal(memory_map_find(&map, MIB(1), 0), MIB(14));
    assert_int_equal(memory_map_find(&map, MIB(1) + 1, 0), 0);
    memory_map_add(&map, MIB(14), MIB(1), BOOT_MEMORY_BOOT);
    assert_int_equal(memory_map_find(&map, 0x8000, 0), MIB(16));
    assert_int_equal(memory_map_find(&map, 0x8001, 0), MIB(32));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Too many entries
 */

static struct memory_entry many[3 * MEMORY_MAP_MAX];

/* Reserved entries push out USABLE ones, the smallest first; when none is left, nothing may become USABLE any more. */
static void test_overflow(void **state)
{
    uint32_t n = 0;
    for (; n < MEMORY_MAP_MAX; n++)
        many[n] = (struct memory_entry){MIB(16 + n), 0x10000 + 0x1000 * (n % 100), USABLE};
    fill(many, n);
    assert_int_equal(map.count, MEMORY_MAP_MAX);

    many[n++] = (struct memory_entry){MIB(16) + 0x1000, 0x1000, RESERVED}; /* inside the smallest */
    fill(many, n);
    assert_false(map.overflowed);
    assert_false(memory_map_is_usable(&map, MIB(16), 0x1000)); /* forgotten */
    assert_true(memory_map_is_usable(&map, MIB(17), 0x11000));

    many[n++] = (struct memory_entry){GIB(2), MIB(1), USABLE}; /* no room */
    fill(many, n);
    assert_false(memory_map_is_usable(&map, GIB(2), 1));

    for (uint32_t i = 0; i < MEMORY_MAP_MAX; i++)
        many[n++] = (struct memory_entry){MIB(16 + i) + 0x8000, 0x1000, BOOT_MEMORY_BOOT + i % 10};
    fill(many, n);
    assert_true(map.overflowed);
    assert_int_equal(memory_map_total(&map, USABLE), 0);
    many[n++] = (struct memory_entry){MIB(16) + 0x9000, 0x1000, USABLE}; /* behind one that is remembered */
    fill(many, n);
    assert_int_equal(memory_map_find(&map, 1, 0), 0);
}

/* Neighbours count as one however many they are. */
static void test_many_neighbours(void **state)
{
    for (uint32_t i = 0; i < ARRAY_LENGTH(many); i++)
        many[i] = (struct memory_entry){MIB(1) + 0x1000 * i, 0x1000, USABLE};
    fill(many, ARRAY_LENGTH(many));
    assert_int_equal(map.count, 1);
    assert_range(0, MIB(1), MIB(1) + 0x1000 * ARRAY_LENGTH(many), USABLE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Random maps
 */

/* Small numbers of small pieces, so that everything overlaps everything; now and then something far out. */
static struct memory_entry random_entry(struct random *random)
{
    static const uint64_t anchors[] = {0, MIB(1), MIB(15), MIB(16), GIB(4), 1ull << 40, TOP, TOP + 4096, -0x10000ull};
    struct memory_entry entry;
    entry.base = anchors[random_below(random, ARRAY_LENGTH(anchors))] + random_below(random, 0x18000);
    entry.length =
        random_below(random, 8) ? random_below(random, 0x10000) : random_next(random) >> random_below(random, 64);
    if (random_below(random, 2))
        entry.base &= ~0xfffull;
    if (random_below(random, 2))
        entry.length &= ~0xfffull;
    entry.type = random_below(random, 3) ? USABLE : (uint32_t)random_below(random, 14);
    return entry;
}

static void check_random(struct random *random, size_t count)
{
    for (size_t i = 0; i < count; i++)
        many[i] = random_entry(random);
    fill(many, count);
    for (int i = 0; i < 4; i++) {
        uint64_t size = random_below(random, 0x20000);
        check_find(size, random_below(random, 2) ? 0 : random_below(random, MIB(18)), many, count);
    }
}

static void test_random(void **state)
{
    struct random random = {1};
    for (int i = 0; i < 6000; i++)
        check_random(&random, random_below(&random, 24));
}

static void test_random_overflow(void **state)
{
    struct random random = {2};
    for (int i = 0; i < 4; i++)
        check_random(&random, MEMORY_MAP_MAX / 2 + random_below(&random, 2 * MEMORY_MAP_MAX));
}

UNIT_MAIN(cmocka_unit_test(test_seabios), cmocka_unit_test(test_ovmf), cmocka_unit_test(test_odd_firmware),
    cmocka_unit_test(test_strongest_type_wins), cmocka_unit_test(test_rounding), cmocka_unit_test(test_page_zero),
    cmocka_unit_test(test_absurd_numbers), cmocka_unit_test(test_claims), cmocka_unit_test(test_find_limits),
    cmocka_unit_test(test_find_isa_hole), cmocka_unit_test(test_overflow), cmocka_unit_test(test_many_neighbours),
    cmocka_unit_test(test_random), cmocka_unit_test(test_random_overflow))
