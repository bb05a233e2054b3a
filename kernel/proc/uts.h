/*
 * What the system is called: for uname, sethostname and /proc. Each namespace has names of its own: a new one has those
 * of the one that its maker is in.
 *
 * Locks: a spin lock (rank UTS) guards the two names that can be changed.
 *
 * Source: uname(2), sethostname(2), uts_namespaces(7).
 */
#ifndef CORRODE_PROC_UTS_H
#define CORRODE_PROC_UTS_H

#include "fs/namespace.h"

#define UTS_LENGTH 65 /* with the NUL */

/* struct new_utsname, as programs see it. */
struct uts {
    char system[UTS_LENGTH], node[UTS_LENGTH], release[UTS_LENGTH], version[UTS_LENGTH], machine[UTS_LENGTH];
    char domain[UTS_LENGTH];
};

struct uts_space {
    struct namespace namespace;
    struct uts names;
};
extern struct uts_space uts_space_first;

/* A copy with one reference. NULL: no memory. */
struct uts_space *uts_space_copy(const struct uts_space *space);
/* The one that NAMESPACE is; NULL: it is of another kind. */
struct uts_space *uts_space_of(struct namespace *namespace);

/* Those of the running program's namespace. */
void uts_get(struct uts *uts);

/* LENGTH bytes of NAME; -EINVAL when they are too many. Permission is the caller's to check. */
int uts_set_node(const char *name, size_t length);
int uts_set_domain(const char *name, size_t length);

#endif
