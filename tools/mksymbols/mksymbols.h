/*
 * What mksymbols needs to know of a kernel: its functions and the lines of its code.
 */
#ifndef CORRODE_TOOLS_MKSYMBOLS_H
#define CORRODE_TOOLS_MKSYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From START up to END, counted from the start of the text. */
struct function {
    char *name;
    uint64_t start, end;
    bool global;
};

/* From its address up to the next row's, code is of this file and line; 0: of none. */
struct row {
    uint64_t address; /* from the start of the text */
    uint32_t file, line;
    uint32_t order; /* in which it was found: of several rows with an address, the last counts */
};

struct kernel {
    uint64_t text_start, text_size;
    struct function *functions; /* by address, apart from each other */
    size_t function_count;
    struct row *rows; /* by address */
    size_t row_count;
    char **files;
    size_t file_count;
};

/* Reads the kernel, with what it knows of lines if they are wanted; ends the process with a sentence if it is none. */
void kernel_read(struct kernel *kernel, const char *path, bool lines);
void kernel_free(struct kernel *kernel);

#endif
