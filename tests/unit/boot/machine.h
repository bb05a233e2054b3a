/*
 * A PC that the whole loader boots on, inside a test: physical memory at its physical addresses, a disk with a FAT
 * volume, a screen, a serial port, and firmware that either leaves memory to the loader (as a BIOS does) or manages it
 * (UEFI).
 *
 * machine_boot() runs loader_main() in a child process, since the loader has state that cannot be reset and a crash
 * must not end the test. Physical memory is shared with the child, so the test looks at what the kernel would find.
 * Memory that the machine does not have cannot be touched by the child: it dies of it.
 */
#ifndef CORRODE_TESTS_BOOT_MACHINE_H
#define CORRODE_TESTS_BOOT_MACHINE_H

#include "boot/loader/config.h"
#include "boot/loader/loader.h"
#include "tests/unit/boot/fat_volume.h"
#include "tests/unit/boot/memory_disk.h"
#include "tests/unit/boot/memory_oracle.h"

#define MACHINE_MEMORY_END 0x10000000ull /* 256 MiB: RAM above is reported, but is not there */
#define MACHINE_BLOB 0x10000
#define MACHINE_MAX_MEMORY 64

struct machine_file {
    const char *path; /* in the root directory, as in corrode.conf: "/initramfs" */
    const void *data;
    uint32_t size;
    uint32_t run; /* clusters in one piece; 0: all */
};

struct machine {
    struct memory_entry memory[MACHINE_MAX_MEMORY]; /* what the firmware says */
    size_t memory_count;
    bool is_uefi;
    bool allocate_low; /* UEFI: from the lowest address on, not down from the highest */

    const char *config; /* corrode.conf; NULL: there is none */
    struct machine_file files[CONFIG_MAX_MODULES + 4];
    size_t file_count;
    uint32_t partition; /* the sector where the volume begins; 0: it is the whole disk */

    bool has_no_long_mode, has_no_nx, has_gigabyte_pages, has_uart, has_no_screen;
    struct boot_framebuffer framebuffer; /* what set_video sets; physical 0: text */

    /* What breaks. */
    const char *memory_error, *leave_error; /* sentences of the firmware */
    unsigned fail_from;                     /* as in struct memory_disk */
    void (*damage)(struct fat_volume *volume);
};

/* A PC of SIZE bytes with /corrode.conf and /kernel.elf, a kernel of DATA. */
void machine_make(struct machine *machine, uint64_t size, const void *data, uint32_t data_size);

void machine_add_memory(struct machine *machine, uint64_t base, uint64_t length, uint32_t type);
void machine_add_file(struct machine *machine, const char *path, const void *data, uint32_t size);

/* What came of it. */
struct outcome {
    enum { OUTCOME_DIED, OUTCOME_STOPPED, OUTCOME_ENTERED } kind;
    char screen[2048], serial[2048];
    uint32_t screen_length, serial_length;
    uint32_t entry, blob;   /* what `enter` was given */
    struct video_wish wish; /* what set_video was asked for */
    unsigned disk_reads;
    uint64_t sectors_read;
    bool left; /* UEFI: have boot services ended? */
};

extern struct outcome *machine_outcome;

void machine_boot(const struct machine *machine);

/* Once for each test program, before the first boot; 0, or -1 when this host does not give us the addresses. */
int machine_open(void);

#endif
