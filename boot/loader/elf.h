/*
 * Kernels as ELF files: checked whole, then loaded, then relocated. See elf.c.
 */
#ifndef CORRODE_BOOT_ELF_H
#define CORRODE_BOOT_ELF_H

#include "boot/protocol.h"
#include "lib/elf.h"
#include "lib/types.h"

#define ELF_MAX_SEGMENTS 32

/* Where the file's bytes come from. */
struct elf_source {
    int (*read)(
        struct elf_source *source, uint64_t offset, void *to, uint64_t length); /* 0, or -1 after loader_error */
    uint64_t size;
    const char *path; /* for messages */
};

struct elf_segment {
    vaddr_t address;    /* as linked */
    uint64_t offset;    /* in the file */
    uint64_t file_size; /* the rest of `size` is zero */
    uint64_t size;
    uint32_t flags; /* PF_* */
};

/* All there is to know of a kernel before the first byte of it is loaded. */
struct elf_plan {
    struct boot_request request;
    bool is_position_independent;                  /* ET_DYN */
    vaddr_t entry;                                 /* as linked, as all addresses here */
    vaddr_t base, end;                             /* of the image, whole pages */
    paddr_t physical_base;                         /* where BOOT_REQUEST_PHYSICAL wants `base` */
    uint64_t align;                                /* the largest alignment of a segment, at least a page */
    struct elf_segment segments[ELF_MAX_SEGMENTS]; /* sorted, on pages of their own */
    uint32_t segment_count;
    vaddr_t dynamic; /* the dynamic section; size 0: none */
    uint64_t dynamic_size;
};

/* Reads and checks headers and note. 0, or -1 after loader_error. */
int elf_plan(struct elf_source *source, struct elf_plan *plan);

/* Fills IMAGE, which has plan->end - plan->base bytes and becomes the memory from plan->base on. */
int elf_load(struct elf_source *source, const struct elf_plan *plan, uint8_t *image);

/* Applies the relative relocations for an image that will run at plan->base + slide. */
int elf_relocate(const struct elf_source *source, const struct elf_plan *plan, uint8_t *image, uint64_t slide);

#endif
