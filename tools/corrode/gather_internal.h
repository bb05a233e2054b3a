/* What the files of gather.h share. */
#ifndef CORRODE_GATHER_INTERNAL_H
#define CORRODE_GATHER_INTERNAL_H

#include "gather.h"
#include "text.h"

struct gathering {
    struct tree_node *root;
    struct strings done; /* ELF files that have been looked at, by their real paths */
    bool musl;           /* the program's loader is musl's, which is the C library, too */
};

/* A file and, if it is a library or program, what that needs. */
void gather_with_needs(struct gathering *gathering, const char *path);

/* Everything in the packages that PROGRAM, an interpreter by its real path, needs; nothing for other programs. */
void gather_packages(struct gathering *gathering, const char *program);

#endif
