/*
 * What an ELF program or library says that it needs: its interpreter, and libraries by name. It is read, never run: the
 * file may be anybody's.
 *
 * Source: System V ABI, chapters 4 and 5 (program header, dynamic section).
 */
#ifndef CORRODE_ELF_NEEDS_H
#define CORRODE_ELF_NEEDS_H

#include "file.h"
#include "text.h"

struct elf_needs {
    char *interpreter;        /* PT_INTERP; NULL: none */
    struct strings libraries; /* DT_NEEDED */
    bool is_kernel;           /* it has a note of the boot protocol, or of PVH */
    char *rpath, *runpath;    /* lists of directories, with $ORIGIN and the like; NULL: none */
};

/* False: it is no ELF file for x86-64. Fatal when it cannot be read, or contradicts itself. */
bool elf_needs_read(const char *path, struct elf_needs *needs);

/* Fatal, with advice, when FILE, which begins like an ELF file, is for another machine, or ends within its header. */
void elf_check_machine(const struct file *file);

#endif
