/*
 * From a file to a program that is ready to run: an address space with the image, its interpreter, a stack with
 * arguments, environment and auxiliary vector, and the registers to begin with. The current thread stays in the address
 * space that it is in.
 */
#ifndef CORRODE_PROC_PROGRAM_H
#define CORRODE_PROC_PROGRAM_H

#include "arch/x86_64/trap.h"
#include "arch/x86_64/user.h"
#include "fs/credentials.h"
#include "fs/fs.h"

/* Lists of strings that end with NULL: the kernel's own, or where those are NULL the current program's; 0: empty. */
struct program_arguments {
    const char *const *argv, *const *environment;
    uaddr_t user_argv, user_environment;
};

struct program_limits {
    uint64_t stack, data, address_space; /* bytes, UINT64_MAX: none */
};

struct program_request {
    struct walk walk;      /* the task's: for interpreters, and for the program unless ... */
    struct path directory; /* ... this is where its path begins; mount NULL: it does not */
    unsigned walk_flags;   /* for the program: WALK_* */
    const char *path;
    const char *name;  /* what the program is told of its path, and its script's interpreter; NULL: `path` */
    bool unreachable;  /* the interpreter of a script will not find it by that name */
    bool fixed_places; /* nothing is left to chance: personality(ADDR_NO_RANDOMIZE) */
    struct program_arguments arguments;
    struct program_limits limits;
    bool fatal; /* set by task_execute */
};

struct program {
    struct vm_space *space;                /* with a reference */
    struct file *file;                     /* with a reference: what /proc/PID/exe leads to */
    const struct credentials *credentials; /* with a reference: the rights that it runs with; NULL: as before */
    bool secure;                           /* it does not trust who runs it: AT_SECURE */
    vaddr_t entry, stack_pointer;
    bool broken; /* where loading fails: the file is a program, but an impossible one. Linux ends who executes it */
};

/*
 * Loads what REQUEST's walk finds at its path. 0, or -ENOENT, -EACCES, -ETXTBSY, -ENOEXEC, -ELIBBAD, -ELOOP, -E2BIG,
 * -EFAULT, -ENOMEM ...; then nothing is left, but program->broken tells.
 */
int program_load(const struct program_request *request, struct program *program);

/* For one that is not run after all. */
void program_put(struct program *program);

/* The registers at the program's first instruction. */
void program_registers(const struct program *program, struct trap_frame *frame);

#endif
