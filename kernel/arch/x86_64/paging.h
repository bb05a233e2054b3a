/*
 * Page tables: mapping virtual to physical memory, in the kernel's half (shared by all address spaces) and, later, in a
 * program's. What is mapped is either writable or executable, never both.
 *
 * Every entry of the PML4 that the kernel's half will ever need (those of the layout below, as far as there is RAM) is
 * filled at start-up, if with an empty table, so that every address space can copy entries 256 to 511 once and see the
 * same kernel for ever.
 *
 * Layout of the kernel's half (4-level paging):
 *
 *     0xffff800000000000  direct map of all RAM, no-execute, global, largest pages
 *     0xffffc00000000000  array of struct page, one for each page frame (mm/page.h)
 *     0xffffd00000000000  virtual areas: stacks, device registers (mm/vmap.h)
 *     0xffffffff00000000  registers of the interrupt controllers (interrupt_internal.h)
 *     0xffffffff80000000  the kernel, slid by KASLR within the last 2 GiB
 *
 * Source: Intel SDM volume 3A, chapter 4 (paging; 4.10 TLBs and PCIDs; 4.10.4.2 what needs invalidation).
 */
#ifndef CORRODE_ARCH_PAGING_H
#define CORRODE_ARCH_PAGING_H

#include "boot/protocol.h"
#include "lib/types.h"

/* Unit tests have these two where the host has room. */
#ifndef DIRECT_MAP_BASE
#define DIRECT_MAP_BASE 0xffff800000000000ull
#define PAGE_ARRAY_BASE 0xffffc00000000000ull
#endif
#define DIRECT_MAP_SIZE 0x0000400000000000ull /* 64 TiB */
#define VMAP_BASE 0xffffd00000000000ull
#define VMAP_SIZE 0x0000020000000000ull /* 2 TiB: four entries of the PML4 */
#define KERNEL_BASE 0xffffffff80000000ull
/* Where programs' memory ends, as on Linux: below the last page of the lower half, so that the address after any
 * instruction of a program is canonical (arch/x86_64/syscall_entry.S). */
#define USER_END 0x00007ffffffff000ull

#define PAGE_SHIFT 12
#define PAGE_SIZE_2M MIB(2)
#define PAGE_SIZE_1G GIB(1)

/* What a mapping allows; reading always. */
#define MAP_WRITE (1u << 0)
#define MAP_EXECUTE (1u << 1)     /* not together with MAP_WRITE */
#define MAP_USER (1u << 2)        /* for programs; without it, the mapping is the kernel's and global */
#define MAP_UNCACHED (1u << 3)    /* device registers */
#define MAP_COMBINING (1u << 4)   /* write-combining: framebuffers */
#define MAP_SMALL_PAGES (1u << 5) /* 4 KiB pages even where larger ones fit: the mapping will change page by page */

/* RAM through the direct map. */
static inline void *direct_map(paddr_t address)
{
    return (void *)(address + DIRECT_MAP_BASE);
}
static inline paddr_t direct_map_physical(const void *pointer)
{
    return (uintptr_t)pointer - DIRECT_MAP_BASE;
}

/*
 * The root of a set of page tables, for functions that work on any; PAGING_KERNEL is the kernel's half. Callers keep
 * two from changing the same range at once; tables are added under the PAGE_TABLE lock and never freed in the kernel's
 * half.
 */
struct page_table {
    paddr_t root; /* PML4 */
};
extern struct page_table paging_kernel;

/*
 * Where frames for tables come from: zeroed ones; 0 when there are none. Called with the PAGE_TABLE lock held. The page
 * allocator hands it over when it is up.
 */
void paging_set_frame_source(paddr_t (*allocate)(void));

/*
 * Maps [address, address + size) to [physical, ...), all multiples of the page size, with the largest pages that fit.
 * 0, -ENOMEM (nothing is mapped then), -EEXIST when some of it is mapped already.
 */
int paging_map(struct page_table *table, vaddr_t address, paddr_t physical, uint64_t size, unsigned flags);

/* Unmaps what is mapped in the range; large pages that straddle an end are split (-ENOMEM if that fails, before any
 * change). The caller flushes (tlb_flush) before it reuses the memory. */
int paging_unmap(struct page_table *table, vaddr_t address, uint64_t size);

/* Changes what the mapped pages of the range allow. The caller flushes. */
int paging_protect(struct page_table *table, vaddr_t address, uint64_t size, unsigned flags);

/* Looks ADDRESS up: returns the size of the page that maps it, 0 when none does. NULL: not wanted. */
uint64_t paging_lookup(const struct page_table *table, vaddr_t address, paddr_t *physical, unsigned *flags);

/*
 * Forgets a range of the kernel's half on every CPU, and waits for them. Interrupts must be on when other CPUs are
 * online (as for smp_call).
 */
void tlb_flush_kernel(vaddr_t address, uint64_t size);

/*
 * Leaves the boot loader's page tables for our own: kernel segments W^X by the program headers of the image, the stack
 * with its guard pages, and the direct map, in which boot_info and all it points to keep their addresses: RAM, the
 * first MiB, the framebuffer (write-combining) and what the firmware reserved below 4 GiB (uncached). What the kernel's
 * image forbids to write, the direct map forbids too. The lower half is empty.
 *
 * Frames for the tables come from `allocate` (zeroed RAM, which is mapped at info->direct_map already). The
 * first becomes the root, and must lie below 4 GiB, where a CPU that starts can load it into CR3.
 */
void paging_init(const struct boot_info *info, paddr_t (*allocate)(void));

/* On each other CPU, after cpu_control_init: the same tables. */
void paging_init_cpu(void);

#endif
