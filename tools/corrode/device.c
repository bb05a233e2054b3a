/*
 * Is it safe to overwrite this device? The answers come from sysfs (what a disk consists of and what is stacked upon
 * it), /proc/self/mountinfo and /proc/swaps. See device.h.
 * Sources: Linux, Documentation/ABI/stable/sysfs-block; proc(5).
 */
#include "device.h"

#include "lib/types.h"
#include "report.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_DEPTH 8 /* disk, partition, RAID, encryption, volume ... */

/* One line of a file in sysfs, without its end; "" when there is none. */
static char *sysfs_read(const char *name, const char *attribute)
{
    char line[256] = "";
    char *path = text_format("/sys/class/block/%s/%s", name, attribute);
    FILE *file = fopen(path, "re");
    free(path);
    if (file) {
        if (!fgets(line, sizeof line, file))
            line[0] = '\0';
        fclose(file);
    }
    size_t length = strcspn(line, "\n");
    while (length && line[length - 1] == ' ')
        length--;
    line[length] = '\0';
    return text_copy(line);
}

static bool sysfs_exists(const char *name, const char *attribute)
{
    char *path = text_format("/sys/class/block/%s/%s", name, attribute);
    bool exists = access(path, F_OK) == 0;
    free(path);
    return exists;
}

/* The kernel's name of a device, such as sdb1. */
static char *kernel_name(const char *path, dev_t number)
{
    char target[PATH_MAX];
    char *link = text_format("/sys/dev/block/%u:%u", major(number), minor(number));
    if (!realpath(link, target))
        fatal_errno(path, "find it in /sys");
    free(link);
    return text_copy(text_basename(target));
}

static bool is_device(const char *path, dev_t number)
{
    struct stat status;
    return path[0] == '/' && stat(path, &status) == 0 && S_ISBLK(status.st_mode) && status.st_rdev == number;
}

static void check_mounts(const char *path, const char *name, dev_t number)
{
    static const char *const system_places[] = {"/", "/usr", "/boot", "/boot/efi", "/home", "/var"};
    char line[4096], place[1024], source[1024];
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    if (!mounts)
        fatal_errno("/proc/self/mountinfo", "see what is mounted");
    while (fgets(line, sizeof line, mounts)) {
        unsigned high, low;
        const char *rest = strstr(line, " - ");
        if (sscanf(line, "%*u %*u %u:%u %*s %1023s", &high, &low, place) != 3)
            continue;
        if (!rest || sscanf(rest, " - %*s %1023s", source) != 1)
            source[0] = '\0';
        if (makedev(high, low) != number && !is_device(source, number))
            continue;
        for (unsigned i = 0; i < ARRAY_LENGTH(system_places); i++) {
            if (strcmp(place, system_places[i]) == 0)
                fatal(path, "holds the running system (%s is mounted at %s); give the USB stick's device", name, place);
        }
        fatal(path, "is in use: %s is mounted at %s; unmount it first: umount %s", name, place, place);
    }
    fclose(mounts);
}

static void check_swap(const char *path, const char *name, dev_t number)
{
    char line[4096], source[1024];
    FILE *swaps = fopen("/proc/swaps", "re");
    if (!swaps)
        return; /* a kernel without swap */
    while (fgets(line, sizeof line, swaps)) {
        if (sscanf(line, "%1023s", source) == 1 && is_device(source, number))
            fatal(path, "is in use: %s is swap space; turn it off first: swapoff %s", name, source);
    }
    fclose(swaps);
}

/* Checks a device, then its partitions, then whatever is stacked upon it. */
static void check_unused(const char *path, const char *name, int depth)
{
    unsigned high, low;
    char *number = sysfs_read(name, "dev");
    if (sscanf(number, "%u:%u", &high, &low) == 2) {
        check_mounts(path, name, makedev(high, low));
        check_swap(path, name, makedev(high, low));
    }
    free(number);
    static const char *const folders[] = {"", "holders"};
    for (unsigned i = 0; i < 2 && depth < MAX_DEPTH; i++) {
        char *folder = text_format("/sys/class/block/%s/%s", name, folders[i]);
        DIR *directory = opendir(folder);
        for (struct dirent *entry; directory && (entry = readdir(directory));) {
            char *marker = text_format("%s/partition", entry->d_name);
            bool below = entry->d_name[0] != '.' && (i == 1 || sysfs_exists(name, marker));
            free(marker);
            if (below)
                check_unused(path, entry->d_name, depth + 1);
        }
        if (directory)
            closedir(directory);
        free(folder);
    }
}

/* A holder that is mounted has been named already; one that is not still writes when it likes. */
static void check_holders(const char *path, const char *name)
{
    char *folder = text_format("/sys/class/block/%s/holders", name);
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] != '.')
            fatal(path, "is in use by %s (a volume manager, RAID or encryption); stop that first", entry->d_name);
    }
    if (directory)
        closedir(directory);
    free(folder);
}

static void check_kind(const char *path, const char *name, bool force)
{
    char target[PATH_MAX] = "";
    if (sysfs_exists(name, "partition"))
        fatal(path, "is a partition; give the whole disk, without the number at the end");
    char *link = text_format("/sys/class/block/%s", name), *removable = sysfs_read(name, "removable");
    /* USB disks in their own housing do not call themselves removable. */
    bool external = strcmp(removable, "1") == 0 || (realpath(link, target) && strstr(target, "/usb"));
    if (!external && !force)
        fatal(path, "is not a removable disk; if it is really the one, say so with --force");
    free(link);
    free(removable);
}

static char *describe(const char *name, uint64_t size)
{
    char *vendor = sysfs_read(name, "device/vendor"), *model = sysfs_read(name, "device/model");
    /* A virtual disk's vendor is a number. */
    bool named = *model && strncmp(vendor, "0x", 2) != 0;
    char *text = named ? text_format("%s%s%s, %s", vendor, *vendor ? " " : "", model, text_size(size))
                       : text_copy(text_size(size));
    free(vendor);
    free(model);
    return text;
}

static void inspect_disk(struct device *device, dev_t number, unsigned flags)
{
    char *name = kernel_name(device->path, number), *sectors = sysfs_read(name, "size");
    char *sector_size = sysfs_read(name, "queue/logical_block_size"), *read_only = sysfs_read(name, "ro");
    device->size = strtoull(sectors, NULL, 10) * 512;
    check_unused(device->path, name, 0);
    check_holders(device->path, name);
    check_kind(device->path, name, flags & DEVICE_FORCE);
    if (device->size == 0)
        fatal(device->path, "has no medium in it; insert one");
    if (*sector_size && strcmp(sector_size, "512") != 0)
        fatal(device->path, "has sectors of %s bytes and the image is made for 512; use another stick", sector_size);
    if (strcmp(read_only, "1") == 0)
        fatal(device->path, "is read-only; look for a switch on the stick or card");
    device->description = describe(name, device->size);
    free(name);
    free(sectors);
    free(sector_size);
    free(read_only);
}

struct device device_open(const char *path, uint64_t size, unsigned flags)
{
    struct stat status;
    struct device device = {.path = path, .fd = -1};
    if (stat(path, &status) < 0)
        fatal_errno(path, "find it");
    if (S_ISBLK(status.st_mode)) {
        inspect_disk(&device, status.st_rdev, flags);
    } else if (S_ISREG(status.st_mode) && (flags & DEVICE_FILE)) {
        device.is_file = true;
        device.size = (uint64_t)status.st_size;
        device.description = text_format("a file, %s", text_size(device.size));
    } else if (S_ISREG(status.st_mode)) {
        fatal(path, "is not a device; to write into a file that stands for one, add --file");
    } else {
        fatal(path, "is not a disk; give the USB stick's device (lsblk lists them)");
    }
    if (device.size < size)
        fatal(path, "is too small: it holds %s and the image is %s; use a larger one", text_size(device.size),
            text_size(size));
    if (flags & DEVICE_DRY_RUN)
        return device;
    /* O_EXCL: the kernel refuses when anything at all, even in another mount namespace, has claimed the device. */
    device.fd = open(path, O_RDWR | O_CLOEXEC | (device.is_file ? 0 : O_EXCL));
    if (device.fd < 0)
        fatal_errno(path, errno == EACCES ? "open (writing to a disk is for root: use sudo)" : "open");
    return device;
}

void device_forget_cache(const struct device *device)
{
    if (!device->is_file)
        ioctl(device->fd, BLKFLSBUF);
    posix_fadvise(device->fd, 0, 0, POSIX_FADV_DONTNEED);
}

void device_changed(const struct device *device)
{
    if (!device->is_file)
        ioctl(device->fd, BLKRRPART); /* not for every device: then whoever plugs it in next will see */
}
