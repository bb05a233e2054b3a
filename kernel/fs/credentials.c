/*
 * Credentials: see credentials.h.
 */
#include "fs/credentials.h"

#include "lib/string.h"
#include "mm/slab.h"

#define ALL_CAPABILITIES ((1ull << (CAP_LAST + 1)) - 1)

const struct credentials credentials_root = {
    .references = 1, .permitted = ALL_CAPABILITIES, .effective = ALL_CAPABILITIES, .bounding = ALL_CAPABILITIES};

bool credentials_in_group(const struct credentials *credentials, uint32_t gid)
{
    if (credentials->fsgid == gid)
        return true;
    uint32_t low = 0, high = credentials->group_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (credentials->groups[middle] == gid)
            return true;
        if (credentials->groups[middle] < gid)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

const struct credentials *credentials_get(const struct credentials *credentials)
{
    if (credentials != &credentials_root)
        __atomic_fetch_add(&((struct credentials *)credentials)->references, 1, __ATOMIC_RELAXED);
    return credentials;
}

void credentials_put(const struct credentials *credentials)
{
    if (credentials == &credentials_root)
        return;
    struct credentials *own = (struct credentials *)credentials;
    if (__atomic_sub_fetch(&own->references, 1, __ATOMIC_ACQ_REL) == 0)
        kfree(own);
}

struct credentials *credentials_copy(const struct credentials *credentials, unsigned groups)
{
    struct credentials *copy = kmalloc(sizeof *copy + groups * sizeof copy->groups[0], 0);
    if (copy == NULL)
        return NULL;
    uint32_t count = (uint32_t)min_u64(credentials->group_count, groups);
    memcpy(copy, credentials, sizeof *copy + count * sizeof copy->groups[0]);
    copy->group_count = count;
    copy->references = 1;
    return copy;
}

static const struct credentials *root(void)
{
    return &credentials_root;
}

static const struct credentials *(*source)(void) = root;

const struct credentials *credentials_current(void)
{
    return source();
}

void credentials_set_source(const struct credentials *(*current)(void))
{
    source = current;
}
