/*
 * The FAT reader (boot/loader/fat.c) on volumes that other people's tools have made: mkfs.fat and mtools, through
 * tests/unit/boot/make-fat. What is damaged is in fat_damage_test.c.
 */
#include "tests/unit/unit.h"

#include "boot/loader/error.h"
#include "boot/loader/fat.h"
#include "tests/unit/boot/memory_disk.h"
#include "tests/unit/boot/random.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct geometry {
    int bits;
    uint32_t sector_size, cluster_sectors, clusters;
};

#define NAME_255                                                                                                       \
    "a name as long as a name may be, which is two hundred and fifty-five characters, so that twenty entries h"        \
    "old it, each with thirteen of them, and the last with eight only, and here it goes on and on and on until"        \
    ", at the very last, there comes, its end, 255"

/* Files on each volume; sizes are CLUSTERS whole clusters and BYTES more. */
static const struct sample {
    const char *path;
    uint32_t clusters;
    int bytes;
} samples[] = {
    {"/first.bin", 2, 300000}, /* in one piece */
    {"/empty", 0, 0},
    {"/one", 0, 1},
    {"/corrode.conf", 0, 100},
    {"/KERNEL.ELF", 3, 100000},
    {"/cluster.dat", 1, 0},
    {"/cluster.les", 1, -1},
    {"/cluster.mor", 1, 1},
    {"/fifty", 50, -3},
    {"/A long name, with MiXeD case and.many.dots.txt", 4, 17},
    {"/exactly13char", 0, 13},
    {"/thirteen13.ch", 0, 14},
    {"/" NAME_255, 0, 255},
    {"/sub/inner.txt", 0, 500},
    {"/sub/a longer directory name/and/deep/down/file.bin", 2, 2},
};

static char directory[64]; /* for the files and the volume */
static char volume_path[80];
static struct memory_disk disk;
static struct fat fat;
static uint32_t cluster_size;

static void shell(const char *command)
{
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

static uint32_t sample_size(const struct sample *sample)
{
    return sample->clusters * cluster_size + (uint32_t)sample->bytes;
}

/* What is in the file; the caller frees it. */
static uint8_t *sample_bytes(const struct sample *sample)
{
    uint32_t size = sample_size(sample);
    struct random random = {size + (uint64_t)(sample - samples) * 1000000 + 1};
    uint8_t *bytes = malloc(size + 1);
    assert_non_null(bytes);
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_next(&random);
    return bytes;
}

static void write_samples(void)
{
    char command[256];
    snprintf(command, sizeof command,
        "rm -rf %s/files && mkdir -p '%s/files/sub/a longer directory name/and/deep/down'", directory, directory);
    shell(command);
    for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
        char path[400];
        snprintf(path, sizeof path, "%s/files%s", directory, samples[i].path);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        uint8_t *bytes = sample_bytes(&samples[i]);
        assert_int_equal(fwrite(bytes, 1, sample_size(&samples[i]), file), sample_size(&samples[i]));
        assert_int_equal(fclose(file), 0);
        free(bytes);
    }
}

/* Makes the volume and mounts it. */
static void make(const struct geometry *g)
{
    char command[256];
    cluster_size = g->sector_size * g->cluster_sectors;
    write_samples();
    snprintf(volume_path, sizeof volume_path, "%s/volume", directory);
    snprintf(command, sizeof command, "tests/unit/boot/make-fat %s %d %u %u %u %s/files", volume_path, g->bits,
        g->sector_size, g->cluster_sectors, g->clusters, directory);
    shell(command);

    struct stat status;
    int file = open(volume_path, O_RDONLY);
    assert_true(file >= 0);
    assert_int_equal(fstat(file, &status), 0);
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    assert_ptr_not_equal(bytes, MAP_FAILED);
    close(file);
    memory_disk_open(&disk, bytes, (uint32_t)(status.st_size / SECTOR_SIZE));
    if (fat_mount(&fat, &disk.disk, 0) < 0)
        fail_msg("%s", loader_error_text());
}

static void open_sample(const struct sample *sample, const char *path, struct fat_file *file)
{
    if (fat_open(&fat, path, file) < 0)
        fail_msg("%s", loader_error_text());
    assert_int_equal(file->size, sample_size(sample));
    assert_false(file->is_directory);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What is asked of each volume
 */

static void check_whole_files(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
        struct fat_file file;
        uint32_t size = sample_size(&samples[i]);
        uint8_t *expected = sample_bytes(&samples[i]), *got = malloc(size + 1);
        open_sample(&samples[i], samples[i].path, &file);
        got[size] = 0x77;
        assert_int_equal(fat_read(&file, 0, got, size), 0);
        assert_memory_equal(got, expected, size);
        assert_int_equal(got[size], 0x77);
        assert_int_equal(fat_read(&file, size, got, 0), 0);
        assert_int_equal(fat_read(&file, 0, got, size + 1), -1);
        assert_int_equal(fat_read(&file, size + 1, got, 0), -1);
        assert_int_equal(fat_read(&file, UINT32_MAX, got, UINT32_MAX), -1);
        free(expected);
        free(got);
    }
}

static void change_case(char *path, bool upper)
{
    for (; *path; path++) {
        if (upper ? *path >= 'a' && *path <= 'z' : *path >= 'A' && *path <= 'Z')
            *path ^= 0x20;
    }
}

static void check_case(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
        char path[300];
        struct fat_file file;
        snprintf(path, sizeof path, "%s", samples[i].path);
        change_case(path, true);
        open_sample(&samples[i], path, &file);
        change_case(path, false);
        open_sample(&samples[i], path, &file);
        snprintf(path, sizeof path, "//%s", samples[i].path + 1);
        open_sample(&samples[i], path, &file);
    }
    struct fat_file file;
    open_sample(&samples[9], "/ALONGN~1.TXT", &file); /* the short name that mtools gave it */
    open_sample(&samples[13], "sub//INNER.TXT", &file);
}

/* Pieces from anywhere, forwards and backwards. */
static void check_random_reads(void)
{
    struct random random = {5};
    for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
        struct fat_file file;
        uint32_t size = sample_size(&samples[i]);
        uint8_t *expected = sample_bytes(&samples[i]), *got = malloc(size + 1);
        open_sample(&samples[i], samples[i].path, &file);
        for (int n = 0; n < 40; n++) {
            uint32_t at = (uint32_t)random_below(&random, size + 1);
            uint32_t length =
                (uint32_t)random_below(&random, (random_below(&random, 2) ? size - at : min_u64(size - at, 64)) + 1);
            got[length] = 0x77;
            assert_int_equal(fat_read(&file, at, got, length), 0);
            assert_memory_equal(got, expected + at, length);
            assert_int_equal(got[length], 0x77);
        }
        free(expected);
        free(got);
    }
}

static void assert_no_file(const char *path, const char *sentence)
{
    struct fat_file file;
    assert_int_equal(fat_open(&fat, path, &file), -1);
    char expected[512];
    snprintf(expected, sizeof expected, "%s: %s", path, sentence);
    assert_string_equal(loader_error_text(), expected);
}

static void check_missing(void)
{
    static const char *const missing[] = {"/no", "/first.bi", "/first.bin2", "/irst.bin", "/sub/first.bin",
        "/sub/no/way", "/VOLUME", "/one.", "/.", "/corrode.con", "/corrode.confx", "/A long name",
        "/crowd/one of the crowd, number 101.bin", "/\xe5orrode.conf", "/" NAME_255 "5"};
    for (size_t i = 0; i < ARRAY_LENGTH(missing); i++)
        assert_no_file(
            missing[i], "there is no such file on the system partition. Copy it there, or correct corrode.conf.");
    assert_no_file("/first.bin/x", "a part of this path is a file, not a directory.");
    assert_no_file("/sub", "is a directory; a file was expected.");
    assert_no_file("/sub/", "is a directory; a file was expected.");
    assert_no_file("/", "is a directory; a file was expected.");
    assert_no_file("", "is a directory; a file was expected.");
}

/* A directory in pieces, with long names and deleted entries; and . and .., which are entries like others. */
static void check_directories(void)
{
    struct fat_file file;
    char text[5];
    assert_int_equal(fat_open(&fat, "/crowd/last.txt", &file), 0);
    assert_int_equal(file.size, 5);
    assert_int_equal(fat_read(&file, 0, text, 5), 0);
    assert_memory_equal(text, "last\n", 5);
    assert_int_equal(fat_open(&fat, "/crowd/One of the crowd, number 158.bin", &file), 0);
    assert_int_equal(file.size, cluster_size + 1);

    open_sample(&samples[13], "/sub/./inner.txt", &file);
    open_sample(&samples[13], "/sub/a longer directory name/and/../../inner.txt", &file);
    open_sample(&samples[13], "/sub/../sub/inner.txt", &file);
    open_sample(&samples[0], "/sub/../first.bin", &file);
}

/* A file in one piece takes one large read, and what looking it up costs. */
static void check_few_reads(void)
{
    struct fat_file file;
    uint32_t size = sample_size(&samples[0]);
    uint8_t *got = malloc(size);
    memory_disk_reset(&disk);
    assert_int_equal(fat_mount(&fat, &disk.disk, 0), 0);
    open_sample(&samples[0], samples[0].path, &file);
    assert_in_range(disk.reads, 1, 3); /* boot sector, directory; perhaps the FAT */
    unsigned reads = disk.reads;
    assert_int_equal(fat_read(&file, 0, got, size), 0);
    unsigned fat_windows = size / cluster_size * (fat.is_fat32 ? 4 : 2) / 32768 + 2;
    assert_in_range(disk.reads - reads, 1, 2 + fat_windows);

    /* The fragmented one: not more than one for each piece, of which there cannot be more than clusters. */
    uint32_t fifty = sample_size(&samples[8]);
    got = realloc(got, fifty);
    open_sample(&samples[8], samples[8].path, &file);
    reads = disk.reads;
    assert_int_equal(fat_read(&file, 0, got, fifty), 0);
    assert_in_range(disk.reads - reads, 1, 60);
    free(got);
}

static void test_volume(void **state)
{
    make(*state);
    check_whole_files();
    check_case();
    check_random_reads();
    check_missing();
    check_directories();
    check_few_reads();
}

static int make_directory(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/corrode-fat-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    char command[128];
    if (disk.bytes)
        munmap(disk.bytes, (size_t)disk.sectors * SECTOR_SIZE);
    disk.bytes = NULL;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

#define VOLUME(bits, sector_size, cluster_sectors, clusters)                                                           \
    {                                                                                                                  \
        "FAT" #bits ", sectors of " #sector_size ", " #clusters " clusters of " #cluster_sectors, test_volume,         \
            make_directory, remove_directory, &(struct geometry)                                                       \
        {                                                                                                              \
            bits, sector_size, cluster_sectors, clusters                                                               \
        }                                                                                                              \
    }

UNIT_MAIN(VOLUME(16, 512, 1, 4200), VOLUME(16, 512, 4, 5000), VOLUME(16, 512, 64, 4200), VOLUME(16, 1024, 2, 4200),
    VOLUME(16, 2048, 1, 65000), VOLUME(16, 4096, 8, 4200), VOLUME(32, 512, 1, 70000), VOLUME(32, 512, 8, 70000),
    VOLUME(32, 512, 128, 66000), VOLUME(32, 2048, 1, 70000), VOLUME(32, 4096, 1, 70000))
