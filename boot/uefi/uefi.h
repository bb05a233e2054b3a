/*
 * What the pieces of the UEFI front end know of each other. See main.c.
 */
#ifndef CORRODE_BOOT_UEFI_H
#define CORRODE_BOOT_UEFI_H

#include "boot/loader/loader.h"
#include "boot/uefi/efi.h"

struct uefi {
    efi_handle_t image;
    struct efi_system_table *system;
    struct efi_boot_services *boot; /* NULL once they have ended, or have half ended */
};
extern struct uefi uefi;

/* The interface of a protocol, or NULL: on a handle, or wherever it is. */
void *uefi_protocol(efi_handle_t handle, const struct efi_guid *protocol);
void *uefi_any_protocol(const struct efi_guid *protocol);

/* serial.c */
void uefi_serial_take(void);
void uefi_serial_give_back(void);
bool uefi_serial_read(void); /* takes a byte from COM1; was there one? */

/* disk.c: the partition that the loader itself came from. */
void uefi_disk_open(struct disk *disk);

/* memory.c */
int uefi_memory_map(struct memory_map *map);
paddr_t uefi_allocate(uint64_t size, paddr_t at, paddr_t limit);
int uefi_leave(struct memory_map *map, struct boot_info *info);

/* leave.c: out of long mode. Space for the way out is taken while the firmware still gives it. 0, or -1 after
 * loader_error. */
int uefi_prepare_enter(void);
void uefi_enter(uint32_t entry, uint32_t blob);

/* video.c */
void uefi_set_video(const struct video_wish *wish, struct boot_info *info);

/* tables.c */
void uefi_find_tables(struct boot_info *info);
size_t uefi_entropy(uint8_t *buffer, size_t size);

#endif
