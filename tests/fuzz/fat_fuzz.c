/*
 * Fuzzes the FAT reader (boot/loader/fat.c) with damaged volumes. Whatever is wrong, it must answer in a bounded number
 * of reads; and when it opens a file, the file can be read to its end.
 *
 * Input: the first byte chooses the volume. The rest are changes to it, 4 bytes each: a part (boot sector, FAT, root
 * directory, other directory) and how the byte changes, an offset (2), a value.
 */
#include "boot/loader/error.h"
#include "boot/loader/fat.h"
#include "tests/unit/boot/fat_volume.h"
#include "tests/unit/boot/memory_disk.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CHANGES 64
#define MAX_READS 300000 /* a file of all clusters, each of them alone, its chain followed twice */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct made {
    struct fat_volume volume;
    struct fat_directory inner;
} made[3];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct fat_shape shapes[] = {{false, 512, 1, 4100}, {true, 512, 1, 300}, {false, 2048, 2, 4100}};
    static uint8_t data[20000];
    for (size_t i = 0; i < 3; i++) {
        struct made *m = &made[i];
        fat_volume_make(&m->volume, shapes[i]);
        fat_volume_file(&m->volume, &m->volume.root, "corrode.conf", data, 100, 0);
        fat_volume_file(&m->volume, &m->volume.root, "KERNEL.ELF", data, sizeof data, 3);
        m->inner = fat_volume_directory(&m->volume, &m->volume.root, "A directory with a long name", 2);
        fat_volume_file(&m->volume, &m->inner, "a file inside", data, 5000, 1);
        fat_volume_file(&m->volume, &m->inner, "empty", data, 0, 0);
    }
    return 0;
}

static uint8_t *place_of(const struct made *m, const uint8_t *record)
{
    size_t offset = record[1] | (size_t)record[2] << 8;
    switch (record[0] & 3) {
    case 0: return m->volume.bytes + offset % 512;
    case 1: return m->volume.bytes + m->volume.fat_offset + offset % 512;
    case 2: return m->volume.root.bytes + offset % 384;
    default: return m->inner.bytes + offset % 256;
    }
}

static uint8_t changed(uint8_t byte, const uint8_t *record)
{
    switch (record[0] >> 2 & 3) {
    case 0: return record[3];
    case 1: return byte ^ (uint8_t)(1u << (record[3] & 7));
    case 2: return (uint8_t)(byte + record[3]);
    default: return record[3] & 1 ? 0xff : 0;
    }
}

static void read_whole(struct fat_file *file)
{
    static uint8_t out[1 << 16];
    for (uint32_t at = 0; at < file->size && at < 64 * sizeof out; at += sizeof out) {
        uint32_t length = file->size - at < sizeof out ? file->size - at : sizeof out;
        if (fat_read(file, at, out, length) < 0) {
            if (strncmp(loader_error_text(), "The test disk ends at sector", 28) != 0)
                abort();
            return;
        }
    }
}

static void use(const struct fat_volume *volume)
{
    static const char *const paths[] = {"/corrode.conf", "/kernel.elf", "/a directory with a long name/a file inside",
        "/a directory with a long name/../empty", "/a directory with a long name/empty", "/no"};
    struct memory_disk disk;
    struct fat fat;
    struct fat_file file;
    memory_disk_open(&disk, volume->bytes, volume->sectors);
    if (fat_mount(&fat, &disk.disk, 0) < 0)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        disk.reads = 0;
        if (fat_open(&fat, paths[i], &file) == 0)
            read_whole(&file);
        if (disk.reads > MAX_READS)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct made *m = &made[data[0] % 3];
    struct {
        uint8_t *place, old;
    } undo[MAX_CHANGES];
    size_t count = 0;
    for (size_t at = 1; at + 4 <= size && count < MAX_CHANGES; at += 4) {
        undo[count].place = place_of(m, data + at);
        undo[count].old = *undo[count].place;
        *undo[count].place = changed(undo[count].old, data + at);
        count++;
    }
    use(&m->volume);
    while (count-- > 0)
        *undo[count].place = undo[count].old;
    return 0;
}
