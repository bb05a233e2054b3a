/*
 * What names.c and rename.c share.
 */
#ifndef CORRODE_FS_NAMES_INTERNAL_H
#define CORRODE_FS_NAMES_INTERNAL_H

#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/mount.h"

/* A name in a directory, as path_walk_parent leaves it. */
struct place {
    struct path directory;
    const char *name;
    size_t length;
    bool trailing; /* a slash after it */
};

int place_find(const struct walk *walk, const char *name, struct place *place);

static inline bool place_is_dots(const struct place *place)
{
    return place->name[0] == '.' && (place->length == 1 || (place->length == 2 && place->name[1] == '.'));
}

static inline bool is_directory(const struct inode *inode)
{
    return (inode->mode & S_IFMT) == S_IFDIR;
}

/* May names in that directory change? And may this one go, which must be a directory's or must not? */
int name_check_change(const struct walk *walk, const struct inode *directory);
int name_check_remove(
    const struct walk *walk, const struct inode *dir, const struct dentry *dentry, bool want_directory);

/*
 * A directory that goes is locked, so that nothing is made in it or mounted on it meanwhile. It lies below the others.
 * VICTIM may be NULL.
 */
static inline void name_lock_victim(struct dentry *victim)
{
    if (victim && is_directory(victim->inode))
        rwlock_write_nested(&victim->inode->lock);
}

static inline void name_unlock_victim(struct dentry *victim)
{
    if (victim && is_directory(victim->inode))
        rwlock_write_unlock(&victim->inode->lock);
}

#endif
