/*
 * What the system is called: for uname, sethostname and /proc.
 *
 * Locks: a spin lock (rank UTS) guards the two names that can be changed.
 *
 * Source: uname(2), sethostname(2).
 */
#ifndef CORRODE_PROC_UTS_H
#define CORRODE_PROC_UTS_H

#include "lib/types.h"

#define UTS_LENGTH 65 /* with the NUL */

/* struct new_utsname, as programs see it. */
struct uts {
    char system[UTS_LENGTH], node[UTS_LENGTH], release[UTS_LENGTH], version[UTS_LENGTH], machine[UTS_LENGTH];
    char domain[UTS_LENGTH];
};

void uts_get(struct uts *uts);

/* LENGTH bytes of NAME; -EINVAL when they are too many. Permission is the caller's to check. */
int uts_set_node(const char *name, size_t length);
int uts_set_domain(const char *name, size_t length);

#endif
