/*
 * The loader above the firmware: what a front end (boot/bios, boot/uefi, boot/pvh) gives it, and what it does.
 *
 * A front end fills in a struct platform and calls loader_main(), which finds the system partition, reads corrode.conf,
 * loads the kernel and its modules, builds page tables and boot_info, and jumps. It all happens on one processor, with
 * nothing running beside it, and with memory mapped one to one.
 */
#ifndef CORRODE_BOOT_LOADER_H
#define CORRODE_BOOT_LOADER_H

#include "boot/loader/disk.h"
#include "boot/loader/memory_map.h"
#include "boot/protocol.h"

/* What the kernel and corrode.conf together want to see. */
struct video_wish {
    uint32_t video;              /* enum boot_video */
    uint32_t width, height, bpp; /* 0: the screen's own choice */
};

struct platform {
    enum boot_firmware firmware;
    const char *medium; /* what `disk` is, for messages: "boot disk" */
    bool is_partition;  /* `disk` is the system partition itself; else it has an MBR, or is a bare FAT volume */
    struct disk disk;
    paddr_t limit; /* every allocation ends below; 0: anywhere, but BOOT memory below 4 GiB */
    paddr_t blob;  /* free memory below 1 MiB for the hand-off blob, 32 KiB; 0: `allocate` shall find some */

    /* Shows text on the screen, \n as it is. NULL: there is no screen. */
    void (*print)(const char *text, size_t length);

    /* Adds everything that the firmware says of memory. 0, or -1 after loader_error. */
    int (*memory_map)(struct memory_map *map);

    /* Takes pages from the firmware, at exactly AT if that is not 0; below LIMIT if that is not 0. 0: it has none.
     * NULL: the firmware does not manage memory, and the loader carves out of the map. */
    paddr_t (*allocate)(uint64_t size, paddr_t at, paddr_t limit);

    /* Sets the screen as near to the wish as it goes and describes it in info->framebuffer (physical address only) or
     * info->text (physical address in `cells`). NULL: there is no screen. */
    void (*set_video)(const struct video_wish *wish, struct boot_info *info);

    /* 96 glyphs of 8x16 pixels, from ' ' on, for the fault handler on a framebuffer; NULL: there are none. */
    const uint8_t *(*font)(void);

    /* Fills in rsdp, smbios and efi. NULL: the front end has done so on its own. */
    void (*find_tables)(struct boot_info *info);

    /* Writes up to SIZE bytes that an attacker can hardly know; returns how many. NULL: none. */
    size_t (*entropy)(uint8_t *buffer, size_t size);

    /* Ends the firmware's services, and adds its final word on memory to the map, which holds the loader's own claims.
     * No other function of the platform is called afterwards, but enter. NULL: nothing to end, the map is final. */
    int (*leave)(struct memory_map *map, struct boot_info *info);

    /* Jumps to ENTRY in flat 32-bit protected mode with paging off and EBX = BLOB. */
    void (*enter)(uint32_t entry, uint32_t blob);

    /* After the error sentence was shown: waits for the person, or hands back to the firmware. */
    void (*stop)(void);
};

/* Boots. Returns only from platform->stop, after an error was shown. */
void loader_main(struct platform *platform);

/* Is this a virtual machine, whose host may listen at BOOT_EXIT_PORT? Asks processors without CPUID, too. */
bool loader_is_virtual(void);

/* Formatted text to the screen and the serial line. */
void loader_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
