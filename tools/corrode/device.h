/* The target of `corrode write`: opened only after everything that speaks against it has been looked at. */
#ifndef CORRODE_DEVICE_H
#define CORRODE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct device {
    const char *path;
    int fd;            /* for reading and writing; -1 in a dry run */
    uint64_t size;     /* bytes */
    char *description; /* such as "SanDisk Ultra, 28.6 GiB" */
    bool is_file;      /* a regular file stands in for it */
};

enum {
    DEVICE_FILE = 1,    /* allow a regular file */
    DEVICE_FORCE = 2,   /* allow a disk that is not removable */
    DEVICE_DRY_RUN = 4, /* check, but do not open for writing */
};

/*
 * Fatal, with the reason, unless PATH is a whole disk of at least SIZE bytes that nothing uses: no mounted file system,
 * no swap space, no volume manager, be it on the disk, on a partition or on anything stacked upon one.
 */
struct device device_open(const char *path, uint64_t size, unsigned flags);

/* Makes sure that the next read comes from the device and not from memory. */
void device_forget_cache(const struct device *device);

/* Tells the kernel that there is a new partition table. */
void device_changed(const struct device *device);

#endif
