/*
 * The BIOS front end: calling the BIOS from 32-bit code, and what the pieces of stage 2 know of each other.
 */
#ifndef CORRODE_BOOT_BIOS_H
#define CORRODE_BOOT_BIOS_H

#include "boot/i386/i386.h"

#define EFLAGS_CARRY 1u

/* All that a BIOS call takes and gives; the order is known to entry.S. */
struct bios_registers {
    uint32_t edi, esi, ebp, reserved, ebx, edx, ecx, eax; /* as PUSHAL stores them */
    uint16_t es, ds;
    uint32_t eflags;
};

/*
 * INT `vector` in real mode, with interrupts enabled and a stack below 7000h. Every register is loaded from *registers
 * and stored back, since BIOSes clobber what they please.
 */
void bios_call(uint8_t vector, struct bios_registers *registers);

/* Did the call fail, as most calls say it? */
static inline bool bios_failed(const struct bios_registers *r)
{
    return r->eflags & EFLAGS_CARRY;
}

/* A real-mode pointer to low memory. */
static inline uint16_t bios_segment(const void *p)
{
    return (uint16_t)((uintptr_t)p >> 4);
}
static inline uint16_t bios_offset(const void *p)
{
    return (uintptr_t)p & 15;
}

/* What a real-mode segment:offset points to. */
static inline void *bios_pointer(uint32_t far_pointer)
{
    return (void *)(uintptr_t)((far_pointer >> 16) * 16 + (far_pointer & 0xffff));
}

/* main.c */
_Noreturn void bios_main(uint32_t drive);

/* a20.c: 0, or -1 after loader_error. */
int a20_enable(void);

/* disk.c */
int bios_disk_open(struct disk *disk, uint8_t drive);

/* memory.c */
int bios_memory_map(struct memory_map *map);

/* video.c */
void bios_set_video(const struct video_wish *wish, struct boot_info *info);
const uint8_t *bios_font(void); /* the video ROM's own */

#endif
