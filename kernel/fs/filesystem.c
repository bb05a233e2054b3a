/*
 * The kinds of file systems that there are, by name. They are registered while the kernel starts and stay, so looking
 * one up takes no lock.
 */
#include "fs/fs.h"
#include "lib/string.h"
#include "panic.h"

#define FILESYSTEMS_MAX 16

static const struct filesystem *filesystems[FILESYSTEMS_MAX + 1]; /* NULL after the last */

void filesystem_register(const struct filesystem *type)
{
    unsigned i = 0;
    while (filesystems[i])
        i++;
    ASSERT(i < FILESYSTEMS_MAX);
    filesystems[i] = type;
}

const struct filesystem *filesystem_next(const struct filesystem *type)
{
    const struct filesystem *const *at = filesystems;
    while (type && *at != type)
        at++;
    return type ? at[1] : at[0];
}

const struct filesystem *filesystem_find(const char *name)
{
    const struct filesystem *type = NULL;
    while ((type = filesystem_next(type)) != NULL)
        if (strcmp(type->name, name) == 0)
            return type;
    return NULL;
}
