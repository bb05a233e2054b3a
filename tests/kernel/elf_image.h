/*
 * Programs that self-tests make: what every ELF file header of theirs says.
 */
#ifndef CORRODE_TESTS_ELF_IMAGE_H
#define CORRODE_TESTS_ELF_IMAGE_H

#include "lib/elf.h"

/* A fixed program that begins at ENTRY, with COUNT program headers at offset HEADERS. */
static inline struct elf64_ehdr elf_image_header(uint64_t entry, uint64_t headers, uint16_t count)
{
    return (struct elf64_ehdr){.e_magic = ELF_MAGIC,
        .e_class = ELFCLASS64,
        .e_data = ELFDATA2LSB,
        .e_version_ident = 1,
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = 1,
        .e_entry = entry,
        .e_phoff = headers,
        .e_ehsize = sizeof(struct elf64_ehdr),
        .e_phentsize = sizeof(struct elf64_phdr),
        .e_phnum = count};
}

#endif
