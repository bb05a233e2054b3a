/*
 * A small kernel as an ELF file, laid out by hand so that tests can change any field of it; a struct elf_source over
 * bytes in memory; and what every plan must keep to, whatever file it was made from.
 */
#ifndef CORRODE_TESTS_BOOT_ELF_FILE_H
#define CORRODE_TESTS_BOOT_ELF_FILE_H

#include "boot/loader/elf.h"

/* Where the kernel is linked, and what is where in it. */
#define ELF_FILE_BASE 0xffffffff80000000ull
#define ELF_FILE_PHYSICAL 0x400000ull
#define ELF_FILE_TEXT (ELF_FILE_BASE + 0x1000)
#define ELF_FILE_TABLES (ELF_FILE_BASE + 0x2000)
#define ELF_FILE_DATA (ELF_FILE_BASE + 0x3000)
#define ELF_FILE_BSS_SIZE 0x2000
#define ELF_FILE_END (ELF_FILE_DATA + 0x1000 + ELF_FILE_BSS_SIZE)

/* Its program headers. */
enum {
    ELF_FILE_NOTE,
    ELF_FILE_DYNAMIC,
    ELF_FILE_LOAD_HEADERS,
    ELF_FILE_LOAD_TEXT,
    ELF_FILE_LOAD_TABLES,
    ELF_FILE_LOAD_DATA,
    ELF_FILE_SPARE, /* of type 0 */
    ELF_FILE_SEGMENTS
};

#define ELF_FILE_RELA_COUNT 40
#define ELF_FILE_RELR_COUNT 40

/* The file, byte for byte; mapped from ELF_FILE_BASE on in the same order. */
struct elf_file {
    struct elf64_ehdr header;
    struct elf64_phdr segments[ELF_FILE_SEGMENTS];
    struct boot_request_note note;
    uint8_t rest_of_page[0x1000 - sizeof(struct elf64_ehdr) - ELF_FILE_SEGMENTS * sizeof(struct elf64_phdr) -
                         sizeof(struct boot_request_note)];
    uint8_t text[0x1000];
    struct elf64_rela rela[ELF_FILE_RELA_COUNT];
    uint64_t relr[ELF_FILE_RELR_COUNT];
    uint8_t rest_of_tables[0x1000 - ELF_FILE_RELA_COUNT * sizeof(struct elf64_rela) - ELF_FILE_RELR_COUNT * 8];
    struct elf64_dyn dynamic[16];
    uint64_t words[480]; /* the rest of the data segment */
};
_Static_assert(sizeof(struct elf_file) == 0x4000, "elf_file");

/* A kernel without fault: ET_DYN, the default request, no relocations. */
void elf_file_make(struct elf_file *file);

/* A file in memory. The bytes are not copied, and may be anything. */
struct elf_memory {
    struct elf_source source;
    const uint8_t *bytes;
    uint64_t fail_at; /* reading this byte fails; UINT64_MAX: none */
};

void elf_memory_open(struct elf_memory *memory, const void *bytes, uint64_t size);

/* NULL, or what is wrong with a plan that elf_plan made from a file of SIZE bytes. */
const char *elf_plan_problem(const struct elf_plan *plan, uint64_t size);

#endif
