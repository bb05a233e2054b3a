/*
 * What the steps of the loader share: see loader.c for their order.
 */
#ifndef CORRODE_BOOT_LOADER_INTERNAL_H
#define CORRODE_BOOT_LOADER_INTERNAL_H

#include "boot/loader/config.h"
#include "boot/loader/elf.h"
#include "boot/loader/fat.h"
#include "boot/loader/loader.h"
#include "build/gen/version.h"

#define LOADER_NAME "Corrode " CORRODE_VERSION
#define MAX_CLAIMS 128

struct loader {
    struct platform *platform;
    struct fat fat;
    struct config config;
    struct elf_plan plan;

    struct memory_map map;
    struct { /* what the loader has taken: added to the firmware's final map */
        paddr_t base;
        uint64_t size;
        uint32_t type;
    } claims[MAX_CLAIMS];
    uint32_t claim_count;

    /* The kernel as it was loaded. */
    paddr_t kernel;
    vaddr_t kernel_virtual;
    uint64_t slide;
    paddr_t stack;
    vaddr_t stack_virtual;
    uint64_t stack_size;
    vaddr_t direct_map;
    struct boot_module modules[CONFIG_MAX_MODULES]; /* data: physical; name: pointer */

    /* What the kernel will read. In the loader's memory until hand-off copies it. */
    struct boot_info info;
};

/* memory.c: taking memory. Each returns 0 for "none left" after loader_error; WHAT names the taker in the sentence. */
paddr_t loader_allocate(struct loader *l, uint64_t size, uint32_t type, const char *what);
paddr_t loader_allocate_at(struct loader *l, paddr_t base, uint64_t size, uint32_t type, const char *what);
/* For the blob: below 1 MiB where possible, since it is mapped one to one and kernels live above. */
paddr_t loader_allocate_blob(struct loader *l, uint64_t size);
int loader_claim(struct loader *l, paddr_t base, uint64_t size, uint32_t type);

/* volume.c: where the file system is. */
int loader_find_volume(struct platform *platform, uint32_t *sector);

/* kernel.c: loading files. */
int loader_load_kernel(struct loader *l);
int loader_load_modules(struct loader *l);

/* handoff.c: from loaded files to a running kernel. Returns only on failure. */
int loader_hand_off(struct loader *l);

/* entropy.c: a pool that is stirred with whatever is hard to guess. */
void entropy_stir(const void *data, size_t size);
void entropy_gather(struct loader *l);
void entropy_draw(void *to, size_t size);
uint32_t entropy_bits(void);

/* cpu.c: can this processor run a 64-bit kernel? 0, or -1 after loader_error. */
int cpu_check(void);
bool cpu_has_gigabyte_pages(void);
bool cpu_has_pat(void);

/* acpi.c: up to MAX physical addresses of I/O APICs. Reads tables at their physical addresses. */
void acpi_find_io_apics(paddr_t rsdp, uint32_t *addresses, uint32_t max);

static inline void *physical(paddr_t address)
{
    return (void *)(uintptr_t)address;
}

#endif
