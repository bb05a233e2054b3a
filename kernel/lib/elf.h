/*
 * ELF64 as it lies in a file. Names are the specification's.
 * Sources: System V ABI, edition 4.1, chapters 4 and 5; System V ABI, AMD64 supplement, 4.4; gABI (DT_RELR).
 */
#ifndef CORRODE_LIB_ELF_H
#define CORRODE_LIB_ELF_H

#include <stdint.h>

#define ELF_MAGIC 0x464c457f /* 7f 45 4c 46 in memory order */

#define ELFCLASS32 1
#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define ET_EXEC 2
#define ET_DYN 3
#define EM_386 3
#define EM_X86_64 62

#define PT_LOAD 1
#define PT_DYNAMIC 2
#define PT_INTERP 3
#define PT_NOTE 4
#define PT_GNU_STACK 0x6474e551

#define PF_X 1
#define PF_W 2
#define PF_R 4

#define DT_NULL 0
#define DT_NEEDED 1
#define DT_RELA 7
#define DT_RELASZ 8
#define DT_RELAENT 9
#define DT_REL 17
#define DT_JMPREL 23
#define DT_RELRSZ 35
#define DT_RELR 36
#define DT_RELRENT 37

#define R_X86_64_NONE 0
#define R_X86_64_RELATIVE 8

struct elf64_ehdr {
    uint32_t e_magic; /* e_ident[0..3] */
    uint8_t e_class, e_data, e_version_ident, e_osabi;
    uint8_t e_pad[8];
    uint16_t e_type, e_machine;
    uint32_t e_version;
    uint64_t e_entry, e_phoff, e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};
_Static_assert(sizeof(struct elf64_ehdr) == 64, "ELF64 file header");

struct elf64_phdr {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};
_Static_assert(sizeof(struct elf64_phdr) == 56, "ELF64 program header");

struct elf64_nhdr {
    uint32_t n_namesz, n_descsz, n_type;
};

struct elf64_dyn {
    int64_t d_tag;
    uint64_t d_val;
};

struct elf64_rela {
    uint64_t r_offset, r_info;
    int64_t r_addend;
};

#endif
