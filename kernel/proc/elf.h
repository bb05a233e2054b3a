/*
 * Programs as they lie in files: ELF, static or with an interpreter (the dynamic loader), at fixed addresses (ET_EXEC)
 * or anywhere (ET_DYN).
 *
 *     elf_open(file, head, &elf);             // reads and checks the headers: -ENOEXEC
 *     elf_place(&elf, ...);                   // where it goes, and whether it can be there
 *     elf_map(&elf, space, &image);           // its segments
 *     elf_close(&elf);
 *
 * What a file says is not believed: every address that it leads to lies within what programs may have, and no sum of
 * its numbers overflows. Nor is more asked of it than Linux does: segments may overlap, and lie beyond the file's end;
 * the program then faults when it gets there.
 *
 * The arithmetic (elf_plan.c) is by itself, for fuzzers of the host.
 */
#ifndef CORRODE_PROC_ELF_H
#define CORRODE_PROC_ELF_H

#include "fs/fs.h"
#include "lib/elf.h"

/* How much of a file's beginning is read at once: what most need for all of their headers. */
#define ELF_HEAD 1024

struct elf {
    struct file *file; /* the caller's */
    struct elf64_ehdr header;
    const struct elf64_phdr *segments; /* header.e_phnum of them, in the head or in `memory` */
    struct elf64_phdr *memory;
    const char *head; /* the first bytes of the file, and zeros where it is shorter */
    size_t head_size; /* how many are the file's */
    vaddr_t bias;     /* what is added to all its addresses */
};

struct elf_image {
    vaddr_t entry;
    vaddr_t headers; /* the program headers in memory, for AT_PHDR */
    vaddr_t base;    /* where the file's address 0 is */
    vaddr_t end;     /* past the last segment, page aligned: the heap begins above */
};

/* HEAD: of ELF_HEAD bytes, SIZE of which are the file's; it stays. 0, -ENOEXEC, -ENOMEM, -EIO. */
int elf_open(struct file *file, const char *head, size_t size, struct elf *elf);
void elf_close(struct elf *elf);

/* The name of the interpreter, NUL-terminated, kmalloc'ed; NULL, with *error 0: it needs none. */
char *elf_interpreter(const struct elf *elf, int *error);

/* Does it ask for a stack that may be executed? */
bool elf_wants_executable_stack(const struct elf *elf);

/* What its segments span, and how they want to be aligned: at least to pages. -EINVAL: there are none, or it is
 * impossible. */
struct elf_extent {
    uint64_t start, size, alignment;
};
int elf_measure(const struct elf64_phdr *segments, unsigned count, struct elf_extent *extent);

/* What becomes of a segment at BIAS: pages of the file, then pages of zeros, each perhaps none. */
struct elf_plan {
    vaddr_t start, file_end, end; /* [start, file_end) of the file, [file_end, end) zeros; page aligned */
    vaddr_t tail;                 /* from here to file_end zeros, too: the file's last page has other data there */
    uint64_t offset;              /* in the file, page aligned */
};
int elf_plan(const struct elf64_phdr *segment, uint64_t bias, struct elf_plan *plan);

/* Chooses ELF->bias. PLACE, page aligned: where the lowest segment goes, unless the file says where. -EINVAL; -ENOEXEC:
 * it is neither ET_EXEC nor ET_DYN, which elf_open does not mind. */
int elf_place(struct elf *elf, vaddr_t place);

/* Maps it into SPACE. 0 or -errno; then it is there in part. */
int elf_map(const struct elf *elf, struct vm_space *space, struct elf_image *image);

#endif
