/*
 * What the system is called: see uts.h.
 */
#include "proc/uts.h"

#include "arch/x86_64/spinlock.h"
#include "build/gen/version.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/namespaces.h"

static struct spinlock lock = SPINLOCK_INIT(UTS);

static void end(struct namespace *namespace);
static const struct namespace_kind kind = {.name = "uts", .flag = CLONE_NEWUTS, .end = end};

/* Programs look at the first for how to speak to the kernel, and at the third for what it can do. */
struct uts_space uts_space_first = {
    .namespace = {.kind = &kind, .number = 4026531838, .references = 1},
    .names = {"Linux", "corrode", "6.1.0-corrode", "#1 SMP Corrode " CORRODE_VERSION, "x86_64", "(none)"},
};

struct uts_space *uts_space_of(struct namespace *namespace)
{
    return namespace->kind == &kind ? container_of(namespace, struct uts_space, namespace) : NULL;
}

static void end(struct namespace *namespace)
{
    kfree(uts_space_of(namespace));
}

struct uts_space *uts_space_copy(const struct uts_space *space)
{
    struct uts_space *copy = kmalloc(sizeof *copy, 0);
    if (copy == NULL)
        return NULL;
    namespace_init(&copy->namespace, &kind);
    spin_lock(&lock);
    copy->names = space->names;
    spin_unlock(&lock);
    return copy;
}

void uts_get(struct uts *uts)
{
    const struct uts_space *space = namespaces_current()->uts;
    spin_lock(&lock);
    *uts = space->names;
    spin_unlock(&lock);
}

static int set(char *which, const char *name, size_t length)
{
    if (length >= UTS_LENGTH)
        return -EINVAL;
    spin_lock(&lock);
    memset(which, 0, UTS_LENGTH);
    memcpy(which, name, length);
    spin_unlock(&lock);
    return 0;
}

int uts_set_node(const char *name, size_t length)
{
    return set(namespaces_current()->uts->names.node, name, length);
}

int uts_set_domain(const char *name, size_t length)
{
    return set(namespaces_current()->uts->names.domain, name, length);
}
