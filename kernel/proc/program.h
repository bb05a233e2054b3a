/*
 * From a file to a program that is ready to run: an address space with the image, a stack with arguments, environment
 * and auxiliary vector, and the registers to begin with.
 */
#ifndef CORRODE_PROC_PROGRAM_H
#define CORRODE_PROC_PROGRAM_H

#include "arch/x86_64/trap.h"
#include "fs/credentials.h"
#include "fs/fs.h"

/* Strings of the kernel; each list ends with NULL. */
struct program_arguments {
    const char *const *argv, *const *environment;
};

struct program {
    struct vm_space *space; /* with a reference */
    vaddr_t entry, stack_pointer;
};

/*
 * Loads the file that WALK finds at PATH. 0, or -ENOENT, -EACCES, -ENOEXEC, -E2BIG, -ENOMEM ...; then nothing is left.
 * The current thread is in the address space that it was in.
 */
int program_load(
    const struct walk *walk, const char *path, const struct program_arguments *arguments, struct program *program);

/* The registers at the program's first instruction. */
void program_registers(const struct program *program, struct trap_frame *frame);

#endif
