/*
 * What a virtual machine monitor hands to a PVH guest, and what the pieces of this front end know of each other.
 *
 * Source: Xen, "x86/HVM direct boot ABI" (docs/misc/pvh.pandoc) and public/arch-x86/hvm/start_info.h.
 */
#ifndef CORRODE_BOOT_PVH_H
#define CORRODE_BOOT_PVH_H

#include "boot/i386/i386.h"

#define HVM_START_MAGIC 0x336ec578

struct hvm_start_info {
    uint32_t magic, version, flags;
    uint32_t module_count;
    uint64_t modules, cmdline, rsdp;
    uint64_t memory; /* from here on version 1 */
    uint32_t memory_count, reserved;
};

struct hvm_module {
    uint64_t base, size, cmdline, reserved;
};

struct hvm_memory {
    uint64_t base, size;
    uint32_t type; /* as E820 has them */
    uint32_t reserved;
};

_Static_assert(sizeof(struct hvm_start_info) == 56, "hvm_start_info");
_Static_assert(sizeof(struct hvm_module) == 32, "hvm_modlist_entry");
_Static_assert(sizeof(struct hvm_memory) == 24, "hvm_memmap_table_entry");

/* pvh.ld: all of the loader that is in memory, with its stack. */
extern const uint8_t pvh_start[], pvh_end[];

/* main.c: called by entry.S. */
_Noreturn void pvh_main(const struct hvm_start_info *start);

/* disk.c: the first module, as a disk. */
int pvh_disk_open(struct disk *disk, const struct hvm_start_info *start);

/* memory.c: the first keeps what START says of memory, for START may lie where a kernel will go. */
int pvh_memory_open(const struct hvm_start_info *start);
int pvh_memory_map(struct memory_map *map);
paddr_t pvh_memory_for_blob(struct memory_map *map);
int pvh_leave(struct memory_map *map, struct boot_info *info);

/* text.c: the VGA text screen, if there is one. */
bool pvh_text_open(void);
void pvh_text_print(const char *text, size_t length);
void pvh_text_describe(const struct video_wish *wish, struct boot_info *info);

#endif
