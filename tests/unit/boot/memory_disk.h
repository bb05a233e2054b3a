/*
 * A struct disk in memory, which counts what is read and breaks where a test wants it to.
 */
#ifndef CORRODE_TESTS_BOOT_MEMORY_DISK_H
#define CORRODE_TESTS_BOOT_MEMORY_DISK_H

#include "boot/loader/disk.h"

struct memory_disk {
    struct disk disk;
    uint8_t *bytes;
    uint32_t sectors;

    /* What breaks. */
    uint32_t bad_first, bad_count; /* sectors that cannot be read */
    unsigned fail_from;            /* every read from this one on fails, the first being 1; 0: none */

    /* What happened. */
    unsigned reads, failures;
    uint64_t sectors_read;
};

/* SECTORS sectors at BYTES, which the caller keeps. */
void memory_disk_open(struct memory_disk *disk, void *bytes, uint32_t sectors);

/* Sets the counters to 0 and forgets what was read ahead. */
void memory_disk_reset(struct memory_disk *disk);

#endif
