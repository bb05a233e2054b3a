/*
 * Composing an image. In order: read and check what goes in, write corrode.conf (boot_config.c), find the size, lay out
 * the FAT partition, then write boot stages, partition table, disc structures and partition into a sparse file.
 *
 * Everything in the image follows from its contents: serial numbers are hashes of them, times are fixed (or those of
 * SOURCE_DATE_EPOCH, see reproducible-builds.org), so the same input gives the same bytes.
 */
#include "image.h"

#include "boot/layout.h"
#include "boot/loader/config.h"
#include "embedded.h"
#include "fat.h"
#include "file.h"
#include "formats.h"
#include "image_internal.h"
#include "iso9660.h"
#include "kernel.h"
#include "lib/types.h"
#include "progress.h"
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE GIB(2048)      /* sectors are numbered with 32 bits in a partition table */
#define DEFAULT_TIME 1767225600 /* 2026-01-01 00:00:00 UTC */
#define LAST_TIME 4354819199    /* 2107-12-31 23:59:59, where FAT's time ends */

/* A file on its way into the image. */
struct content {
    const char *path; /* in the image */
    const void *data;
    uint64_t size;
    struct fat_entry *entry;
};

struct image {
    struct content *contents;
    unsigned count;
    uint64_t hash;
    time_t time;
    uint64_t size;
    struct fat *fat;
};

time_t image_time(void)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    if (!text || !*text)
        return DEFAULT_TIME;
    char *end;
    errno = 0;
    long long seconds = strtoll(text, &end, 10);
    if (errno || *end || seconds < 0 || seconds > LAST_TIME)
        fatal(NULL, "SOURCE_DATE_EPOCH=%s is not a number of seconds from 1970 to 2107; correct or unset it", text);
    return (time_t)seconds;
}

static void add(struct image *image, const char *path, const void *data, uint64_t size)
{
    image->contents[image->count++] = (struct content){.path = path, .data = data, .size = size};
    image->hash = text_hash(image->hash, path, strlen(path) + 1);
    image->hash = text_hash(image->hash, data, size);
}

/* Reads everything that goes into the image. */
static void collect(struct image *image, const struct image_spec *spec)
{
    image->contents = memory_get((spec->modules.count + 3) * sizeof *image->contents);
    image->time = image_time();
    if (spec->modules.count > CONFIG_MAX_MODULES)
        fatal(NULL, "%zu modules and the boot loader takes %d; pack several files into one (tar, cpio)",
            spec->modules.count, CONFIG_MAX_MODULES);
    struct file kernel = file_load(spec->kernel);
    kernel_check(&kernel);
    kernel_strip(&kernel);
    size_t config_size;
    const char *config = boot_config_make(spec, &config_size);
    const struct embedded_file *uefi = embedded_find("boot/BOOTX64.EFI");
    const struct embedded_file *stage2 = embedded_find("boot/stage2.bin");
    image->hash = text_hash(image->hash, stage2->data, stage2->size);
    add(image, IMAGE_UEFI_PATH, uefi->data, uefi->size);
    add(image, LAYOUT_CONFIG_PATH, config, config_size);
    add(image, IMAGE_KERNEL_PATH, kernel.data, kernel.size);
    for (size_t i = 0; i < spec->modules.count; i++) {
        struct file module = file_load(spec->modules.items[i]);
        add(image, text_format("/%s", text_basename(module.path)), module.data, module.size);
    }
    image->fat = fat_new((uint32_t)(image->hash >> 32), image->time);
    for (unsigned i = 0; i < image->count; i++) {
        struct content *content = &image->contents[i];
        content->entry = fat_add(image->fat, content->path, content->data, content->size);
    }
}

/* FAT32 wherever it can be: more firmware reads it. */
static bool layout(struct image *image, uint64_t size, bool fat16_first)
{
    uint64_t sectors = size / SECTOR_SIZE - LAYOUT_PARTITION_SECTOR;
    return (fat16_first && fat_layout(image->fat, FAT16, sectors)) || fat_layout(image->fat, FAT32, sectors) ||
           fat_layout(image->fat, FAT16, sectors);
}

/* The smallest whole number of MiB that works, FAT16 or not. */
static uint64_t smallest_size(struct image *image, bool fat16)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < image->count; i++)
        bytes += image->contents[i].size;
    for (uint64_t size = align_down(bytes, MIB(1)) + MIB(2); size < MAX_SIZE; size += MIB(1)) {
        uint64_t sectors = size / SECTOR_SIZE - LAYOUT_PARTITION_SECTOR;
        if ((fat16 && fat_layout(image->fat, FAT16, sectors)) || fat_layout(image->fat, FAT32, sectors))
            return size;
    }
    fatal(NULL, "the contents are larger than an image can be (2 TiB); leave something out");
}

static void choose_size(struct image *image, const struct image_spec *spec)
{
    image->size = spec->size;
    if (!spec->size)
        image->size = smallest_size(image, spec->smallest);
    if (image->size >= MAX_SIZE)
        fatal_usage("--size: an image is smaller than 2 TiB, for its partition table counts with 32 bits");
    image->size = align_up(image->size, MIB(1));
    if (image->size < MIB(2) || !layout(image, image->size, !spec->size && spec->smallest))
        fatal_usage("--size: %s is too small for these files; %s is the smallest that works", text_size(image->size),
            text_size(smallest_size(image, true)));
}

/* Stage 1 twice, once with the partition table and once for discs, and stage 2. */
static void write_stages(const struct image *image, struct output *output)
{
    const struct embedded_file *stage1 = embedded_find("boot/stage1.bin"), *stage2 = embedded_find("boot/stage2.bin");
    const unsigned step = DISC_BLOCK_SIZE / SECTOR_SIZE;
    uint64_t sectors = (stage2->size + DISC_BLOCK_SIZE - 1) / DISC_BLOCK_SIZE * step;
    if (stage1->size != SECTOR_SIZE || sectors > LAYOUT_STAGE2_MAX_SECTORS || stage2->size < STAGE2_MAGIC_OFFSET + 4 ||
        get_le32(stage2->data + STAGE2_MAGIC_OFFSET) != STAGE2_MAGIC)
        fatal(NULL, "the boot stages in this corrode are damaged; build it again");
    uint8_t sector[SECTOR_SIZE];
    memcpy(sector, stage1->data, sizeof sector);
    put_le16(sector + STAGE1_SECTORS_OFFSET, (uint16_t)sectors);
    mbr_fill(sector, (uint32_t)image->hash, image->size / SECTOR_SIZE, fat_type_of(image->fat) == FAT32);
    output_write(output, 0, sector, sizeof sector);
    output_write(output, LAYOUT_DISC_STAGE1_SECTOR * SECTOR_SIZE, sector, sizeof sector);
    output_write(output, LAYOUT_STAGE2_SECTOR * SECTOR_SIZE, stage2->data, stage2->size);
}

static void write_disc(const struct image *image, struct output *output)
{
    struct iso_file *files = memory_get(image->count * sizeof *files);
    for (unsigned i = 0; i < image->count; i++) {
        const struct content *content = &image->contents[i];
        const char *name = text_basename(content->path);
        files[i] = (struct iso_file){
            .name = name,
            .directory = name == content->path + 1 ? ISO_ROOT : ISO_EFI_BOOT,
            .offset = LAYOUT_PARTITION_SECTOR * SECTOR_SIZE + fat_offset(image->fat, content->entry),
            .size = content->size,
        };
    }
    iso_write(output, image->size, image->time, files, image->count);
    free(files);
}

void image_build(const struct image_spec *spec, const char *out)
{
    struct image image = {0};
    image.hash = text_hash(0, VERSION, sizeof VERSION);
    collect(&image, spec);
    choose_size(&image, spec);
    char *prepared = output_prepare(out);
    struct output output = output_create(prepared, image.size);
    output.path = out;
    uint64_t total = 0;
    for (unsigned i = 0; i < image.count; i++)
        total += image.contents[i].size;
    progress_begin("writing", total);
    write_stages(&image, &output);
    write_disc(&image, &output);
    fat_write(image.fat, &output, LAYOUT_PARTITION_SECTOR * SECTOR_SIZE);
    progress_end();
    output_close(&output);
    format_convert(prepared, spec->format, image.hash, out);
    output_publish(prepared, out);
    for (unsigned i = 0; i < image.count; i++)
        report_detail("%s: %s, %s", out, image.contents[i].path, text_size(image.contents[i].size));
    report_detail(
        "%s: %s, FAT%d, %s", out, text_size(image.size), fat_type_of(image.fat), image_format_name(spec->format));
}
