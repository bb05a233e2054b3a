/*
 * The FAT reader (boot/loader/fat.c) on volumes that tests/unit/boot/fat_volume.c lays out to the cluster, most of them
 * damaged afterwards: every fault must end in its sentence, in bounded time.
 */
#include "tests/unit/unit.h"

#include "boot/loader/error.h"
#include "boot/loader/fat.h"
#include "tests/unit/boot/fat_volume.h"
#include "tests/unit/boot/memory_disk.h"
#include "tests/unit/boot/random.h"

#include <stdio.h>
#include <string.h>

#define DAMAGED "/FILE: the file system is damaged: the chain of clusters "
#define REWRITE " Write the image to the disk again."
#define NO_FAT "The system partition holds no FAT file system." REWRITE
#define FILE_CLUSTERS 10

static const struct fat_shape fat16 = {false, 512, 2, 5000}, fat32 = {true, 512, 2, 66000};
static const struct fat_shape shapes[] = {{false, 512, 2, 5000}, {true, 512, 2, 66000}, {true, 512, 1, 200},
    {false, 4096, 1, 4085}, {false, 512, 1, 65524}, {true, 1024, 2, 65525}};

static struct fat_volume volume;
static struct memory_disk disk;
static struct fat fat;
static uint8_t data[FILE_CLUSTERS * 8192], out[sizeof data + 1];
static uint32_t file_size, first; /* of /FILE */

static int mount(void)
{
    memory_disk_open(&disk, volume.bytes, volume.sectors);
    return fat_mount(&fat, &disk.disk, 0);
}

/* A volume with /FILE of ten clusters but one byte, in runs of RUN clusters. */
static void make(const struct fat_shape *shape, uint32_t run)
{
    struct random random = {6};
    free(volume.bytes);
    fat_volume_make(&volume, *shape);
    file_size = FILE_CLUSTERS * volume.cluster_size - 1;
    for (uint32_t i = 0; i < file_size; i++)
        data[i] = (uint8_t)random_next(&random);
    first = fat_volume_file(&volume, &volume.root, "FILE", data, file_size, run);
    assert_int_equal(mount(), 0);
}

/* Opens /FILE, and reads it, as far as there is room, when that works. */
static int load(void)
{
    struct fat_file file;
    memory_disk_reset(&disk);
    if (fat_open(&fat, "/FILE", &file) < 0)
        return -1;
    uint32_t size = file.size < sizeof data ? file.size : sizeof data;
    memset(out, 0x11, sizeof out);
    int status = fat_read(&file, 0, out, size);
    assert_int_equal(out[size], 0x11);
    return status;
}

static void assert_fails(const char *sentence)
{
    assert_int_equal(load(), -1);
    assert_string_equal(loader_error_text(), sentence);
}

static void assert_loads(void)
{
    if (load() < 0)
        fail_msg("%s", loader_error_text());
    assert_memory_equal(out, data, file_size);
}

static int free_volume(void **state)
{
    free(volume.bytes);
    volume.bytes = NULL;
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sound volumes
 */

static void test_fragments(void **state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++) {
        for (uint32_t run = 0; run <= FILE_CLUSTERS; run++) {
            make(&shapes[i], run);
            assert_int_equal(fat.is_fat32, shapes[i].fat32);
            assert_int_equal(fat.clusters, shapes[i].clusters);
            assert_loads();
            uint32_t runs = run ? (FILE_CLUSTERS + run - 1) / run : 1;
            assert_in_range(disk.reads, 1, runs + 3); /* one for each run; directory, FAT, the file's last sectors */
        }
    }
}

/* A chain may go backwards and end in the last cluster of all, and a volume may begin anywhere on a disk. */
static void test_corners(void **state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++) {
        make(&shapes[i], 0);
        uint32_t last = shapes[i].clusters + 1;
        memcpy(fat_volume_cluster(&volume, last), data, volume.cluster_size);
        fat_volume_set_link(&volume, last, first + 1);
        fat_volume_set_start(&volume, last);
        memory_disk_reset(&disk);
        assert_loads();
        fat_volume_set_link(&volume, first + FILE_CLUSTERS - 2, last);
        fat_volume_set_link(&volume, last, 0x0fffffff);
        fat_volume_set_start(&volume, first);
        memcpy(fat_volume_cluster(&volume, last), data + file_size + 1 - volume.cluster_size, volume.cluster_size - 1);
        assert_loads();
    }
    make(&fat16, 3);
    uint8_t *moved = calloc(1, (size_t)(volume.sectors + 77) * 512);
    memcpy(moved + 77 * 512, volume.bytes, (size_t)volume.sectors * 512);
    memory_disk_open(&disk, moved, volume.sectors + 77);
    assert_int_equal(fat_mount(&fat, &disk.disk, 77), 0);
    assert_loads();
    free(moved);
}

/* Every mark of the end, and a chain that is longer than the file, as preallocation leaves it. */
static void test_chain_ends(void **state)
{
    for (uint32_t mark = 8; mark <= 15; mark++) {
        make(&fat16, 0);
        fat_volume_set_link(&volume, first + FILE_CLUSTERS - 1, 0xfff0 | mark);
        assert_loads();
        make(&fat32, 0);
        fat_volume_set_link(&volume, first + FILE_CLUSTERS - 1, 0x0ffffff0 | mark);
        assert_loads();
    }
    make(&fat32, 0);
    for (uint32_t cluster = first; cluster < first + 1000; cluster++)
        fat_volume_set_link(&volume, cluster, cluster + 1);
    fat_volume_set_link(&volume, first + 1000, 0x0fffffff);
    assert_loads();
}

static void test_names(void **state)
{
    static const char *const names[] = {"corrode.conf", "exactly13char", "fourteen.chars", "K", "KERNEL.ELF", "x",
        "a name with spaces", "UPPER.LONGEXT", "two.dots.elf"};
    make(&fat32, 0);
    struct fat_directory inner = fat_volume_directory(&volume, &volume.root, "Inner Directory", 4);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        fat_volume_file(&volume, &inner, names[i], names[i], (uint32_t)strlen(names[i]), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char path[64];
        struct fat_file file;
        snprintf(path, sizeof path, "/inner directory/%s", names[i]);
        assert_int_equal(fat_open(&fat, path, &file), 0);
        assert_int_equal(file.size, strlen(names[i]));
        assert_int_equal(fat_read(&file, 0, out, file.size), 0);
        assert_memory_equal(out, names[i], file.size);
        path[strlen(path) - 1] = '\0';
        assert_int_equal(fat_open(&fat, path, &file), -1);
    }
}

/* A long name counts only when it belongs to the short one behind it. */
static void test_orphaned_long_names(void **state)
{
    struct fat_file file;
    make(&fat16, 0);
    fat_volume_file(&volume, &volume.root, "a long name of three pieces, nearly four", "x", 1, 0);
    const char *path = "/A long name of three pieces, nearly four";
    assert_int_equal(fat_open(&fat, path, &file), 0);
    uint8_t *entry = volume.entry;
    static const struct {
        int back, byte;
        uint8_t value;
    } damages[] = {{0, 0, 'Q'}, {1, 13, 0}, {4, 0, 0xe5}, {4, 0, 0x40}, {4, 0, 0x55}, {4, 0, 0x7f}, {3, 0, 0x02},
        {3, 0, 0x43}, {2, 11, 0x20}, {4, 0, 3}};
    for (size_t i = 0; i < ARRAY_LENGTH(damages); i++) {
        uint8_t *byte = entry - 32 * damages[i].back + damages[i].byte, saved = *byte;
        *byte = damages[i].value;
        memory_disk_reset(&disk);
        assert_int_equal(fat_open(&fat, path, &file), -1);
        *byte = saved;
    }
    memory_disk_reset(&disk);
    assert_int_equal(fat_open(&fat, path, &file), 0);

    /* All pieces, but two in the wrong place. */
    uint8_t piece[32];
    memcpy(piece, entry - 32 * 2, 32);
    memcpy(entry - 32 * 2, entry - 32 * 3, 32);
    memcpy(entry - 32 * 3, piece, 32);
    memory_disk_reset(&disk);
    assert_int_equal(fat_open(&fat, path, &file), -1);
}

/* UTF-16 on the disk, UTF-8 in the path. The low byte of U+0141 is a letter of its own. */
static void test_foreign_names(void **state)
{
    struct fat_file file;
    make(&fat16, 0);
    fat_volume_file(&volume, &volume.root, "foreign Aname", "x", 1, 0);
    assert_int_equal(fat_open(&fat, "/foreign aname", &file), 0);
    volume.entry[-32 + 21] = 0x01; /* the upper half of the ninth unit */
    memory_disk_reset(&disk);
    assert_int_equal(fat_open(&fat, "/foreign aname", &file), -1);
    assert_int_equal(fat_open(&fat, "/Foreign \xc5\x81NAME", &file), 0);
    assert_int_equal(fat_open(&fat, "/foreign \xc5\x81nam", &file), -1);
    volume.entry[-32 + 21] = 0xd8; /* half of a surrogate pair, alone */
    memory_disk_reset(&disk);
    assert_int_equal(fat_open(&fat, "/foreign aname", &file), -1);
}

/* As long as a name can become: each of its 260 units takes three bytes. */
static void test_longest_foreign_name(void **state)
{
    static const uint8_t places[13] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    char name[261], path[1 + 3 * 260 + 1] = "/";
    struct fat_file file;
    memset(name, 'A', 260);
    name[260] = '\0';
    make(&fat16, 0);
    fat_volume_file(&volume, &volume.root, name, "x", 1, 0);
    for (int piece = 1; piece <= 20; piece++) {
        for (int i = 0; i < 13; i++)
            volume.entry[-32 * piece + places[i] + 1] = 0x20; /* U+2041 */
    }
    for (int i = 0; i < 260; i++)
        strcat(path, "\xe2\x81\x81");
    memory_disk_reset(&disk);
    assert_int_equal(fat_open(&fat, path, &file), 0);
    path[strlen(path) - 3] = '\0';
    assert_int_equal(fat_open(&fat, path, &file), -1);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Damaged chains
 */

static void test_damaged_links(void **state)
{
    static const struct {
        const char *does;
        uint32_t at, link16, link32; /* at: the cluster of the file whose link is changed */
    } cases[] = {
        {"leads astray, to 0.", 3, 0, 0},
        {"leads astray, to 1.", 3, 1, 1},
        {"leads astray, to 5002.", 0, 5002, 5002}, /* one after the last, on FAT16 */
        {"leads astray, to 66002.", 8, 0, 66002},  /* and on FAT32 */
        {"leads astray, to 65527.", 5, 0xfff7, 0}, /* bad */
        {"leads astray, to 268435447.", 5, 0, 0x0ffffff7},
        {"leads astray, to 268435440.", 5, 0, 0x0ffffff0},
        {"ends too early, after 1.", 0, 0xffff, 0x0fffffff},
        {"ends too early, after 9.", 8, 0xfff8, 0x0ffffff8},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char sentence[256];
        snprintf(sentence, sizeof sentence, DAMAGED "%s" REWRITE, cases[i].does);
        if (cases[i].link16 || !cases[i].link32) {
            make(&fat16, 0);
            fat_volume_set_link(&volume, first + cases[i].at, cases[i].link16);
            assert_fails(sentence);
        }
        if ((cases[i].link32 || !cases[i].link16) && cases[i].link32 != 5002) {
            make(&fat32, 0);
            fat_volume_set_link(&volume, first + cases[i].at, cases[i].link32);
            assert_fails(sentence);
        }
    }
}

static void test_damaged_start(void **state)
{
    static const uint32_t starts[] = {0, 1, 66002, 0x0ffffff7, 0x0fffffff, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(starts); i++) {
        char sentence[256];
        make(&fat32, 0);
        fat_volume_set_start(&volume, starts[i]);
        snprintf(sentence, sizeof sentence, DAMAGED "begins at %u." REWRITE, starts[i]);
        assert_fails(sentence);
    }
    make(&fat16, 0);
    fat_volume_set_size(&volume, UINT32_MAX);
    assert_fails(DAMAGED "ends too early, after 10." REWRITE);
    fat_volume_set_start(&volume, 0);
    fat_volume_set_size(&volume, 0);
    memory_disk_reset(&disk);
    assert_int_equal(load(), 0);
}

/* From every cluster of the file back to every other. */
static void test_loops(void **state)
{
    for (uint32_t from = 0; from < FILE_CLUSTERS; from++) {
        for (uint32_t to = 0; to <= from; to++) {
            make(&fat16, 2);
            uint32_t clusters[FILE_CLUSTERS], n = 0;
            for (uint32_t c = first; n < FILE_CLUSTERS; c = fat_volume_link(&volume, c))
                clusters[n++] = c;
            fat_volume_set_link(&volume, clusters[from], clusters[to]);
            assert_int_equal(load(), -1);
            assert_non_null(strstr(loader_error_text(), DAMAGED "runs in a circle, through "));
            assert_in_range(disk.reads, 1, 3);
        }
    }
    /* As long as it can be: through the whole volume. */
    make(&fat32, 0);
    for (uint32_t c = first; c <= fat32.clusters; c++)
        fat_volume_set_link(&volume, c, c + 1);
    fat_volume_set_link(&volume, fat32.clusters + 1, first);
    assert_int_equal(load(), -1);
    assert_non_null(strstr(loader_error_text(), "runs in a circle"));
}

/* Directories have no size, so a loop in one ends at the limit that the specification sets. */
static void test_directory_loop(void **state)
{
    struct fat_file file;
    make(&fat32, 0);
    struct fat_directory inner = fat_volume_directory(&volume, &volume.root, "INNER", 1);
    memset(inner.bytes, 0xe5, inner.size);
    fat_volume_set_link(&volume, inner.cluster, inner.cluster);
    assert_int_equal(fat_open(&fat, "/INNER/X", &file), -1);
    assert_string_equal(loader_error_text(),
        "/INNER/X: there is no such file on the system partition. Copy it there, or correct corrode.conf.");
    assert_in_range(disk.reads, 1, 10000);

    fat_volume_set_link(&volume, inner.cluster, 1);
    memory_disk_reset(&disk);
    assert_int_equal(fat_open(&fat, "/INNER/X", &file), -1);
    assert_string_equal(
        loader_error_text(), "/INNER/X: the file system is damaged: the chain of clusters leads astray, to 1." REWRITE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Damaged volumes
 */

static void test_boot_sector(void **state)
{
    static const struct {
        const char *sentence;
        int offset, width;
        uint32_t value;
    } cases[] = {
        {NO_FAT, 510, 2, 0},
        {NO_FAT, 11, 2, 0},
        {NO_FAT, 11, 2, 256},
        {NO_FAT, 11, 2, 8192},
        {NO_FAT, 11, 2, 513},
        {NO_FAT, 13, 1, 0},
        {NO_FAT, 13, 1, 3},
        {NO_FAT, 14, 2, 0},
        {NO_FAT, 16, 1, 0},
        {NO_FAT, 16, 1, 5},
        {NO_FAT, 22, 2, 0}, /* and no 32-bit size either */
        {"The FAT file system is larger than its partition." REWRITE, 22, 2, 0xffff},
        {"The FAT file system is larger than its partition." REWRITE, 19, 2, 60},
        {"The FAT file system is larger than its partition." REWRITE, 14, 2, 0xffff},
        {"The FAT is shorter than its volume." REWRITE, 22, 2, 19},
        {"The FAT is shorter than its volume." REWRITE, 22, 2, 1},
        {"The system partition is FAT12, which is too small to boot from. Use FAT16 or FAT32.", 19, 2, 8000},
        {"The system partition is FAT12, which is too small to boot from. Use FAT16 or FAT32.", 13, 1, 128},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        make(&fat16, 0);
        memcpy(volume.bytes + cases[i].offset, &cases[i].value, (size_t)cases[i].width);
        assert_int_equal(mount(), -1);
        assert_string_equal(loader_error_text(), cases[i].sentence);
    }
    make(&fat32, 0);
    memset(volume.bytes + 36, 0xff, 4);
    assert_int_equal(mount(), -1);
    memset(volume.bytes + 36, 0, 4);
    volume.bytes[39] = 4; /* 2^26 sectors */
    memset(volume.bytes + 32, 0xff, 4);
    assert_int_equal(mount(), 0); /* as large as can be, and still nothing wraps */
    volume.bytes[36] = 1;
    assert_int_equal(mount(), -1);
}

/* The last sectors are missing: what lies there cannot be read, the rest can. */
static void test_truncated_volume(void **state)
{
    make(&fat16, 0);
    uint32_t whole = volume.sectors,
             file_end = (uint32_t)(fat_volume_cluster(&volume, first + FILE_CLUSTERS) - volume.bytes) / 512;
    for (uint32_t sectors = 0; sectors < file_end + 3; sectors++) {
        for (int known = 0; known < 2; known++) {
            disk.sectors = sectors;
            disk.disk.sectors = known ? sectors : 0;
            memory_disk_reset(&disk);
            int status = fat_mount(&fat, &disk.disk, 0);
            assert_int_equal(status, sectors > 0 ? 0 : -1);
            if (status == 0 && (status = load()) == 0)
                assert_memory_equal(out, data, file_size);
            assert_int_equal(status, sectors >= file_end ? 0 : -1);
            if (status < 0)
                assert_memory_equal(loader_error_text(), "The test disk ends at sector ", 29);
        }
    }
    assert_true(file_end + 3 < whole);
}

/* Reading breaks for good at the first, second ... read: each time its own sentence comes out. */
static void test_reads_fail(void **state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++) {
        make(&shapes[i], 1);
        assert_loads();
        unsigned needed = disk.reads;
        for (unsigned from = 1; from <= needed; from++) {
            char sentence[64];
            disk.fail_from = from;
            assert_int_equal(load(), -1);
            snprintf(sentence, sizeof sentence, "The test disk fails at read %u.", disk.reads);
            assert_string_equal(loader_error_text(), sentence);
            assert_in_range(disk.reads, from, from + 1); /* a second try, without reading ahead */
        }
        disk.fail_from = needed + 1;
        assert_loads();
        disk.fail_from = 0;
    }
}

/* One bad sector, anywhere: it matters only when it holds what is needed. */
static void test_bad_sectors(void **state)
{
    make(&fat16, 0);
    uint32_t file_first = (uint32_t)(fat_volume_cluster(&volume, first) - volume.bytes) / 512;
    uint32_t file_end = file_first + FILE_CLUSTERS * volume.cluster_size / 512;
    uint32_t root = (uint32_t)(volume.root.bytes - volume.bytes) / 512, fat_first = volume.fat_offset / 512;
    disk.bad_count = 1;
    for (uint32_t bad = 1; bad < file_end + 100; bad++) {
        disk.bad_first = bad;
        bool needed = bad == fat_first || bad == root || (bad >= file_first && bad < file_end);
        if (!needed)
            assert_loads();
        else
            assert_int_equal(load(), -1);
    }
}

/* Random damage to boot sector, FAT and directory: any answer will do, but there must be one. */
static void test_random_damage(void **state)
{
    struct random random = {7};
    for (int i = 0; i < 300; i++) {
        make(&shapes[i % 4], (uint32_t)random_below(&random, 4));
        uint32_t end = i % 3 ? volume.data_offset : 512;
        for (uint64_t n = random_below(&random, 20); n > 0; n--) {
            if (random_below(&random, 2))
                volume.root.bytes[random_below(&random, 64)] ^= 1u << random_below(&random, 8);
            else
                volume.bytes[random_below(&random, end < 1u << 15 ? end : 1u << 15)] = (uint8_t)random_next(&random);
        }
        if (mount() == 0)
            load();
    }
}

UNIT_MAIN(cmocka_unit_test_teardown(test_fragments, free_volume), cmocka_unit_test_teardown(test_corners, free_volume),
    cmocka_unit_test_teardown(test_chain_ends, free_volume), cmocka_unit_test_teardown(test_names, free_volume),
    cmocka_unit_test_teardown(test_orphaned_long_names, free_volume),
    cmocka_unit_test_teardown(test_foreign_names, free_volume),
    cmocka_unit_test_teardown(test_longest_foreign_name, free_volume),
    cmocka_unit_test_teardown(test_damaged_links, free_volume),
    cmocka_unit_test_teardown(test_damaged_start, free_volume), cmocka_unit_test_teardown(test_loops, free_volume),
    cmocka_unit_test_teardown(test_directory_loop, free_volume),
    cmocka_unit_test_teardown(test_boot_sector, free_volume),
    cmocka_unit_test_teardown(test_truncated_volume, free_volume),
    cmocka_unit_test_teardown(test_reads_fail, free_volume), cmocka_unit_test_teardown(test_bad_sectors, free_volume),
    cmocka_unit_test_teardown(test_random_damage, free_volume))
