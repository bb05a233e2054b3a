/*
 * Conversion by qemu-img. It gives every image random identifiers; these are replaced by hashes of the contents, so
 * that the same input gives the same bytes.
 * Sources: VMware Virtual Disk Format 5.0; VirtualBox's VDICore.h for the places in a VDI header; vhdx.c.
 */
#include "formats.h"

#include "boot/layout.h"
#include "cleanup.h"
#include "file.h"
#include "lib/types.h"
#include "process.h"
#include "report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define VDI_UUIDS 0x188 /* of the image, of its last snapshot */
#define VMDK_SECTOR 512

const char *image_format_name(enum image_format format)
{
    static const char *const names[] = {"raw", "qcow2", "vmdk", "vdi", "vhdx", "raw", "unknown"};
    return names[format];
}

enum image_format image_detect(const char *path)
{
    uint8_t start[512] = {0};
    size_t size = file_read_start(path, start, sizeof start);
    if (memcmp(start, "QFI\xfb", 4) == 0)
        return IMAGE_QCOW2;
    if (memcmp(start, "KDMV", 4) == 0 || memcmp(start, "# Disk DescriptorFile", 21) == 0)
        return IMAGE_VMDK;
    if (get_le32(start + 0x40) == 0xbeda107f)
        return IMAGE_VDI;
    if (memcmp(start, "vhdxfile", 8) == 0)
        return IMAGE_VHDX;
    if (size == sizeof start && get_le16(start + 510) == 0xaa55)
        return IMAGE_RAW;
    return IMAGE_UNKNOWN;
}

bool image_is_ours(const char *path)
{
    uint8_t start[(LAYOUT_STAGE2_SECTOR + 1) * SECTOR_SIZE];
    const uint8_t *stage2 = start + LAYOUT_STAGE2_SECTOR * SECTOR_SIZE;
    return file_read_start(path, start, sizeof start) == sizeof start && get_le16(start + SECTOR_SIZE - 2) == 0xaa55 &&
           get_le32(stage2 + STAGE2_MAGIC_OFFSET) == STAGE2_MAGIC;
}

void format_uuid(uint8_t *at, uint64_t hash, unsigned number)
{
    put_le64(at, text_hash(hash, &number, sizeof number));
    put_le64(at + 8, text_hash(~hash, &number, sizeof number));
    at[6] = (uint8_t)((at[6] & 0x0f) | 0x40); /* version 4, variant 1 */
    at[8] = (uint8_t)((at[8] & 0x3f) | 0x80);
}

static void vdi_normalise(uint8_t *data, size_t size, uint64_t hash)
{
    if (size >= VDI_UUIDS + 32) {
        format_uuid(data + VDI_UUIDS, hash, 0);
        format_uuid(data + VDI_UUIDS + 16, hash, 1);
    }
}

/* The descriptor is text in a block of zeros; its line CID=... has no fixed length. */
static void vmdk_normalise(uint8_t *data, size_t size, uint64_t hash)
{
    uint64_t at = get_le64(data + 28) * VMDK_SECTOR, room = get_le64(data + 36) * VMDK_SECTOR;
    if (at == 0 || room == 0 || at > size || size - at < room)
        return;
    char *copy = text_format("%.*s", (int)room, (char *)data + at);
    char *line = strstr(copy, "\nCID=");
    if (line) {
        char *rest = strchr(line + 1, '\n');
        char *text = text_format("%.*s\nCID=%08x%s", (int)(line - copy), copy, (uint32_t)hash, rest ? rest : "\n");
        if (strlen(text) < room) {
            memset(data + at, 0, room);
            memcpy(data + at, text, strlen(text));
        }
        free(text);
    }
    free(copy);
}

/* Maps a finished file and lets NORMALISE change it. */
static void change(const char *path, void (*normalise)(uint8_t *data, size_t size, uint64_t hash), uint64_t hash)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0 || status.st_size < 512)
        fatal_errno(path, "open");
    size_t size = (size_t)status.st_size;
    uint8_t *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED)
        fatal_errno(path, "map into memory");
    normalise(data, size, hash);
    munmap(data, size);
    close(fd);
}

/* "qemu-img: " before its own message would only be noise; and one line is enough. */
static void convert(const char *from, const char *from_format, const char *to, const char *to_format, const char *name)
{
    struct strings command = {0};
    char *text = NULL;
    const char *const words[] = {"qemu-img", "convert", "-f", from_format, "-O", to_format};
    for (unsigned i = 0; i < ARRAY_LENGTH(words); i++)
        strings_add(&command, "%s", words[i]);
    /* An absolute path, so that a colon in it is not taken for a protocol. */
    strings_add(&command, "%s", from);
    strings_add(&command, "%s", to);
    report_detail("%s", strings_quoted(&command));
    if (process_run(&command, "qemu-utils", 0, &text) != 0) {
        text[strcspn(text, "\n")] = '\0';
        fatal(name, "cannot be converted from %s to %s (%s); is it damaged, or the disk full?", from_format, to_format,
            text);
    }
    free(text);
}

void format_convert(const char *path, enum image_format format, uint64_t hash, const char *name)
{
    if (format == IMAGE_RAW || format == IMAGE_ISO)
        return;
    /* The result must be converted under its final base name, which a VMDK repeats inside. */
    char *raw = text_format("%s.raw", path);
    if (rename(path, raw) < 0)
        fatal_errno(name, "create");
    cleanup_add(raw);
    convert(raw, "raw", path, image_format_name(format), name);
    unlink(raw);
    cleanup_forget(raw);
    free(raw);
    if (format == IMAGE_VDI)
        change(path, vdi_normalise, hash);
    else if (format == IMAGE_VMDK)
        change(path, vmdk_normalise, hash);
    else if (format == IMAGE_VHDX)
        change(path, vhdx_normalise, hash);
}

void format_to_raw(const char *path, enum image_format format, const char *raw)
{
    convert(path, image_format_name(format), raw, "raw", path);
}
