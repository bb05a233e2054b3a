/*
 * The windows on the disk (boot/loader/disk.c) and the choice of the system partition (boot/loader/volume.c).
 */
#include "tests/unit/unit.h"

#include "boot/loader/error.h"
#include "boot/loader/loader_internal.h"
#include "tests/unit/boot/memory_disk.h"
#include "tests/unit/boot/random.h"

#include <string.h>

#define SECTORS 1000
#define WINDOW 64 /* sectors, as in disk.c */

static uint8_t bytes[SECTORS * SECTOR_SIZE];
static uint8_t out[SECTORS * SECTOR_SIZE];
static struct memory_disk disk;

static void plug_in(void)
{
    struct random random = {3};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)random_next(&random);
    memory_disk_open(&disk, bytes, SECTORS);
}

static int read_at(enum disk_window window, uint32_t byte, uint32_t length)
{
    memset(out, 0xee, sizeof out);
    int status = disk_read(&disk.disk, window, byte / SECTOR_SIZE, byte % SECTOR_SIZE, out, length);
    if (status == 0)
        assert_memory_equal(out, bytes + byte, length);
    if (length < sizeof out)
        assert_int_equal(out[length], 0xee);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Windows
 */

static void test_small_reads_share_one(void **state)
{
    plug_in();
    for (uint32_t at = 0; at < WINDOW * SECTOR_SIZE; at += 32)
        assert_int_equal(read_at(DISK_WINDOW_DATA, at, 32), 0);
    assert_int_equal(disk.reads, 1);
    assert_int_equal(disk.sectors_read, WINDOW);
}

static void test_windows_are_independent(void **state)
{
    plug_in();
    for (uint32_t i = 0; i < 50; i++) {
        assert_int_equal(read_at(DISK_WINDOW_FAT, 512 * 100 + 4 * i, 4), 0);
        assert_int_equal(read_at(DISK_WINDOW_DATA, 512 * 500 + 32 * i, 32), 0);
    }
    assert_int_equal(disk.reads, 2);
}

static void test_large_reads_go_straight(void **state)
{
    plug_in();
    assert_int_equal(read_at(DISK_WINDOW_DATA, 512 * 10, 512 * 900), 0);
    assert_int_equal(disk.reads, 1);
    assert_int_equal(disk.sectors_read, 900);
    assert_int_equal(read_at(DISK_WINDOW_DATA, 512 * 10, 512 * 900 + 100), 0);
    assert_in_range(disk.reads, 2, 3);
}

/* The offset may be larger than a sector. */
static void test_offsets(void **state)
{
    plug_in();
    assert_int_equal(disk_read(&disk.disk, DISK_WINDOW_DATA, 3, 5000, out, 7000), 0);
    assert_memory_equal(out, bytes + 3 * 512 + 5000, 7000);
    assert_int_equal(disk_read(&disk.disk, DISK_WINDOW_DATA, 3, 512, out, 0), 0);
}

static void test_random_reads(void **state)
{
    struct random random = {4};
    plug_in();
    for (int i = 0; i < 3000; i++) {
        uint32_t at = (uint32_t)random_below(&random, sizeof bytes);
        uint32_t length = (uint32_t)random_below(&random, random_below(&random, 2) ? 1000 : 100000);
        if (random_below(&random, 3) == 0)
            at &= ~511u;
        if (length > sizeof bytes - at)
            length = sizeof bytes - at;
        assert_int_equal(read_at((enum disk_window)random_below(&random, DISK_WINDOWS), at, length), 0);
    }
}

/* A bad sector, or the end of the disk, matters only to who asks for it. */
static void test_reading_ahead_may_fail(void **state)
{
    plug_in();
    disk.disk.sectors = 0; /* not known */
    for (disk.bad_first = 1; disk.bad_first < WINDOW; disk.bad_first++) {
        disk.bad_count = 1;
        memory_disk_reset(&disk);
        assert_int_equal(read_at(DISK_WINDOW_DATA, 0, 512), 0);
        assert_int_equal(disk.failures, 1);
        assert_int_equal(read_at(DISK_WINDOW_DATA, 512 * disk.bad_first, 4), -1);
        assert_memory_equal(loader_error_text(), "The test disk cannot read sector ", 33);
    }
    disk.bad_count = 0;
    memory_disk_reset(&disk);
    assert_int_equal(read_at(DISK_WINDOW_DATA, 512 * (SECTORS - 1), 512), 0);
    assert_int_equal(read_at(DISK_WINDOW_DATA, 512 * (SECTORS - 2), 1024), 0);
    assert_int_equal(disk_read(&disk.disk, DISK_WINDOW_DATA, SECTORS, 0, out, 1), -1);
    assert_string_equal(loader_error_text(), "The test disk ends at sector 1000; sector 1000 was asked for.");
}

static void test_known_end(void **state)
{
    plug_in();
    assert_int_equal(read_at(DISK_WINDOW_DATA, 512 * (SECTORS - 3), 3 * 512), 0);
    assert_int_equal(disk.reads, 1);
    assert_int_equal(disk.failures, 0);
}

/* What a failed read left behind must not be taken for data. */
static void test_failed_window_holds_nothing(void **state)
{
    plug_in();
    assert_int_equal(read_at(DISK_WINDOW_DATA, 0, 512), 0);
    disk.bad_first = 200;
    disk.bad_count = 1;
    assert_int_equal(read_at(DISK_WINDOW_DATA, 512 * 200, 1), -1);
    assert_string_equal(loader_error_text(), "The test disk cannot read sector 200.");
    assert_int_equal(read_at(DISK_WINDOW_DATA, 512 * 200, 1), -1);
    assert_int_equal(read_at(DISK_WINDOW_DATA, 0, 512), 0);
    assert_int_equal(read_at(DISK_WINDOW_DATA, 512 * 100, 512 * 200), -1); /* straight */
}

/* ------------------------------------------------------------------------------------------------------------------
 * The system partition
 */

struct entry {
    uint8_t status, type;
    uint32_t first;
};

/* A master boot record with these four. */
static void partition(const struct entry *entries)
{
    memset(bytes, 0, SECTOR_SIZE);
    bytes[510] = 0x55;
    bytes[511] = 0xaa;
    for (int i = 0; i < 4; i++) {
        uint8_t *e = bytes + 446 + 16 * i;
        e[0] = entries[i].status;
        e[4] = entries[i].type;
        memcpy(e + 8, &entries[i].first, 4);
        e[12] = 100;
    }
    memory_disk_reset(&disk);
}

/* The platform holds a disk of its own: hands its reads to ours. */
static int forward(struct disk *unused, uint32_t sector, uint32_t count, void *buffer)
{
    return disk.disk.read(&disk.disk, sector, count, buffer);
}

static int find(uint32_t *sector)
{
    struct platform platform = {.medium = "test disk", .disk = {.read = forward, .sectors = disk.sectors}};
    *sector = 0xdead;
    return loader_find_volume(&platform, sector);
}

static void test_partitions(void **state)
{
    static const struct {
        struct entry entries[4];
        uint32_t sector; /* 0: none */
    } cases[] = {
        {{{0x80, 0x0c, 2048}}, 2048},
        {{{0x00, 0x0c, 2048}}, 2048},
        {{{0x00, 0x83, 63}, {0x00, 0x0e, 4096}}, 4096},
        {{{0x00, 0x0c, 2048}, {0x80, 0x06, 9999}}, 9999},        /* the active one */
        {{{0x80, 0x83, 2048}, {0x00, 0xef, 9999}}, 9999},        /* active, but not FAT */
        {{{0x00, 0x04, 100}, {0x00, 0x0b, 200}}, 100},           /* the first */
        {{{0x80, 0x0b, 0}, {0x00, 0x0b, 200}}, 200},             /* begins nowhere */
        {{{0x80, 0x0b, 100}, {0x80, 0x0b, 200}}, 100},           /* two active ones: the first */
        {{{0}, {0}, {0}, {0x80, 0x0c, 0xffffffff}}, 0xffffffff}, /* fails when it is read */
        {{{0}}, 0},
        {{{0x80, 0xee, 1}}, 0},
        {{{0x80, 0x07, 2048}, {0, 0x82, 5000}}, 0},
    };
    plug_in();
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        uint32_t sector;
        partition(cases[i].entries);
        assert_int_equal(find(&sector), cases[i].sector ? 0 : -1);
        if (cases[i].sector)
            assert_int_equal(sector, cases[i].sector);
        else
            assert_string_equal(
                loader_error_text(), "The test disk has no FAT partition. Write the image to it again.");
    }
}

static void test_no_partitions(void **state)
{
    static const struct entry none[4];
    uint32_t sector;
    plug_in();
    partition(none);
    memcpy(bytes + 54, "FAT16   ", 8);
    assert_int_equal(find(&sector), 0);
    assert_int_equal(sector, 0);
    partition(none);
    memcpy(bytes + 82, "FAT32   ", 8);
    assert_int_equal(find(&sector), 0);
    assert_int_equal(sector, 0);

    bytes[511] = 0;
    memory_disk_reset(&disk);
    assert_int_equal(find(&sector), -1);
    assert_string_equal(loader_error_text(), "The test disk has no partition table. Write the image to it again.");
    disk.bad_count = 1;
    assert_int_equal(find(&sector), -1);
    disk.sectors = 0;
    assert_int_equal(find(&sector), -1);
}

static void test_disk_is_partition(void **state)
{
    struct platform platform = {.is_partition = true};
    uint32_t sector = 1;
    assert_int_equal(loader_find_volume(&platform, &sector), 0);
    assert_int_equal(sector, 0);
}

UNIT_MAIN(cmocka_unit_test(test_small_reads_share_one), cmocka_unit_test(test_windows_are_independent),
    cmocka_unit_test(test_large_reads_go_straight), cmocka_unit_test(test_offsets), cmocka_unit_test(test_random_reads),
    cmocka_unit_test(test_reading_ahead_may_fail), cmocka_unit_test(test_known_end),
    cmocka_unit_test(test_failed_window_holds_nothing), cmocka_unit_test(test_partitions),
    cmocka_unit_test(test_no_partitions), cmocka_unit_test(test_disk_is_partition))
