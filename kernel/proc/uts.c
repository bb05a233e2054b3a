/*
 * What the system is called: see uts.h.
 */
#include "proc/uts.h"

#include "arch/x86_64/spinlock.h"
#include "build/gen/version.h"
#include "lib/errno.h"
#include "lib/string.h"

static struct spinlock lock = SPINLOCK_INIT(UTS);

/* Programs look at the first for how to speak to the kernel, and at the third for what it can do. */
static struct uts names = {"Linux", "corrode", "6.1.0-corrode", "#1 SMP Corrode " CORRODE_VERSION, "x86_64", "(none)"};

void uts_get(struct uts *uts)
{
    spin_lock(&lock);
    *uts = names;
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
    return set(names.node, name, length);
}

int uts_set_domain(const char *name, size_t length)
{
    return set(names.domain, name, length);
}
