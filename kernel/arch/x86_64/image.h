/*
 * The kernel's own ELF image in memory. The linker defines __ehdr_start where the file header lies in a loaded segment,
 * which it does in every kernel that is linked as targets/kernel.mk says.
 */
#ifndef CORRODE_ARCH_IMAGE_H
#define CORRODE_ARCH_IMAGE_H

#include "lib/elf.h"

extern const struct elf64_ehdr __ehdr_start;

static inline const struct elf64_phdr *image_program_headers(void)
{
    return (const struct elf64_phdr *)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
}

#endif
