/*
 * Programs as they lie in files: ELF, static (ET_EXEC) or static and position independent (ET_DYN without PT_INTERP).
 *
 * Everything is checked before anything is mapped. What a file says is not believed: each offset lies within the file,
 * each address within what programs may have, segments come in order and share no page, the entry is in code.
 */
#ifndef CORRODE_PROC_ELF_H
#define CORRODE_PROC_ELF_H

#include "fs/fs.h"

struct elf_image {
    vaddr_t entry;
    vaddr_t headers; /* the program headers in memory, for AT_PHDR; 0: no segment has them */
    unsigned header_count;
    vaddr_t end; /* past the last segment, page aligned: the heap begins above */
};

/*
 * Maps the program into SPACE, which the current thread is in. BASE, page aligned, is added to the addresses of a
 * position-independent one. 0 or -ENOEXEC, -ENOMEM, -EIO; SPACE is left as far as it came.
 */
int elf_load(struct file *file, struct vm_space *space, vaddr_t base, struct elf_image *image);

#endif
