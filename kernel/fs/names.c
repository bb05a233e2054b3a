/*
 * Names: see names.h. A change works on one directory, which is locked, or for rename on two.
 *
 * rename_lock keeps the tree still while a directory is moved to another, so that it cannot come to lie below itself;
 * then the two are locked, the one that is above the other first, and else in the order of their addresses.
 */
#include "fs/names.h"

#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/string.h"

static struct mutex rename_lock = MUTEX_INIT(rename_lock, RENAME);

/* A name in a directory, as path_walk_parent leaves it. */
struct place {
    struct path directory;
    const char *name;
    size_t length;
    bool trailing; /* a slash after it */
};

static bool is_directory(const struct inode *inode)
{
    return (inode->mode & S_IFMT) == S_IFDIR;
}

static bool is_dots(const struct place *place)
{
    return place->name[0] == '.' && (place->length == 1 || (place->length == 2 && place->name[1] == '.'));
}

static int find_place(const struct walk *walk, const char *name, struct place *place)
{
    return path_walk_parent(walk, name, &place->directory, &place->name, &place->length, &place->trailing);
}

static int check_change(const struct walk *walk, const struct inode *directory)
{
    if (directory->links == 0)
        return -ENOENT; /* it was removed meanwhile */
    return inode_permission(directory, INODE_WRITE | INODE_EXECUTE, walk->credentials);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Making
 */

struct making {
    uint32_t mode, device;
    const char *target;  /* of a symbolic link */
    struct inode *inode; /* of a hard link */
};

static int make_in(struct inode *dir, struct dentry *dentry, const struct making *making, const struct walk *walk)
{
    const struct inode_ops *ops = dir->ops;
    if (making->inode)
        return ops->link ? ops->link(dir, dentry, making->inode) : -EPERM;
    if (making->target)
        return ops->symlink ? ops->symlink(dir, dentry, making->target, walk->credentials) : -EPERM;
    return ops->create ? ops->create(dir, dentry, making->mode, making->device, walk->credentials) : -EPERM;
}

/* The directory is locked. */
static int make_locked(const struct walk *walk, const struct place *place, const struct making *making)
{
    struct dentry *parent = place->directory.dentry, *dentry = dentry_find(parent, place->name, place->length);
    struct inode *unused = NULL;
    int error = -EEXIST;
    if (dentry && dentry->inode)
        goto out_put;
    if (dentry) /* known not to be there: the new one takes its place */
        dentry_unhash(dentry);
    else if (parent->inode->ops->lookup &&
             (error = parent->inode->ops->lookup(parent->inode, place->name, place->length, &unused)) != -ENOENT) {
        if (error == 0)
            inode_put(unused);
        return error ? error : -EEXIST;
    }
    error = check_change(walk, parent->inode);
    if (error)
        goto out_put;
    dentry_put(dentry);
    dentry = dentry_create(parent, place->name, place->length);
    error = dentry ? make_in(parent->inode, dentry, making, walk) : -ENOMEM;
out_put:
    dentry_put(dentry);
    return error;
}

static int make(const struct walk *walk, const char *name, const struct making *making)
{
    struct place place;
    int error = find_place(walk, name, &place);
    if (error)
        return error;
    if (place.length == 0 || is_dots(&place))
        error = -EEXIST;
    else if (place.trailing && (making->mode & S_IFMT) != S_IFDIR)
        error = -ENOENT;
    else {
        rwlock_write(&place.directory.dentry->inode->lock);
        error = make_locked(walk, &place, making);
        rwlock_write_unlock(&place.directory.dentry->inode->lock);
    }
    path_put(&place.directory);
    return error;
}

int name_create(const struct walk *walk, const char *name, uint32_t mode, uint32_t device)
{
    return make(walk, name, &(struct making){.mode = mode, .device = device});
}

int name_symlink(const struct walk *walk, const char *name, const char *target)
{
    if (*target == '\0')
        return -ENOENT;
    if (strnlen(target, PATH_LENGTH_MAX) == PATH_LENGTH_MAX)
        return -ENAMETOOLONG;
    return make(walk, name, &(struct making){.mode = S_IFLNK, .target = target});
}

int name_link(const struct walk *walk, const struct path *existing, const char *name)
{
    struct inode *inode = existing->dentry->inode;
    if (is_directory(inode))
        return -EPERM;
    struct place place;
    int error = find_place(walk, name, &place);
    if (error)
        return error;
    bool same = place.directory.mount == existing->mount;
    path_put(&place.directory);
    return same ? make(walk, name, &(struct making){.mode = inode->mode, .inode = inode}) : -EXDEV;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Removing
 */

/* In a directory with the sticky bit only the owners of the file and of the directory may take a name away. */
static int check_remove(const struct walk *walk, const struct inode *dir, const struct dentry *dentry)
{
    int error = check_change(walk, dir);
    if (error)
        return error;
    uint32_t uid = walk->credentials->fsuid;
    if (dir->mode & S_ISVTX && uid != dir->uid && uid != dentry->inode->uid &&
        !credentials_capable(walk->credentials, CAP_FOWNER))
        return -EPERM;
    return 0;
}

/* A directory that goes is locked, so that nothing is made in it or mounted on it meanwhile. It lies below the others.
 */
static void lock_victim(struct dentry *victim)
{
    if (victim && is_directory(victim->inode))
        rwlock_write_nested(&victim->inode->lock);
}

static void unlock_victim(struct dentry *victim)
{
    if (victim && is_directory(victim->inode))
        rwlock_write_unlock(&victim->inode->lock);
}

static int unlink_locked(struct inode *dir, struct dentry *dentry)
{
    lock_victim(dentry);
    int error = dentry->mounts ? -EBUSY : dir->ops->unlink ? dir->ops->unlink(dir, dentry) : -EPERM;
    unlock_victim(dentry);
    return error;
}

static int remove_locked(const struct walk *walk, const struct place *place, bool directory)
{
    struct inode *dir = place->directory.dentry->inode;
    struct dentry *dentry;
    int error = path_lookup_locked(&place->directory, place->name, place->length, &dentry);
    if (error)
        return error;
    if (dentry->inode == NULL)
        error = -ENOENT;
    else if (directory && !is_directory(dentry->inode))
        error = -ENOTDIR;
    else if ((error = check_remove(walk, dir, dentry)) == 0) {
        if (!directory && is_directory(dentry->inode))
            error = -EISDIR;
        else if (!directory && place->trailing)
            error = -ENOTDIR;
        else
            error = unlink_locked(dir, dentry);
    }
    dentry_put(dentry);
    return error;
}

int name_remove(const struct walk *walk, const char *name, bool directory)
{
    struct place place;
    int error = find_place(walk, name, &place);
    if (error)
        return error;
    if (place.length == 0)
        error = directory ? -EBUSY : -EISDIR; /* the root */
    else if (is_dots(&place))
        error = !directory ? -EISDIR : place.length == 1 ? -EINVAL : -ENOTEMPTY;
    else {
        rwlock_write(&place.directory.dentry->inode->lock);
        error = remove_locked(walk, &place, directory);
        rwlock_write_unlock(&place.directory.dentry->inode->lock);
    }
    path_put(&place.directory);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Moving
 */

/* Is DENTRY the same as BELOW, or above it? rename_lock is held, so the answer stays true. */
static bool is_above(const struct dentry *dentry, const struct dentry *below)
{
    while (dentry != below && !dentry_is_root(below))
        below = below->parent;
    return dentry == below;
}

static void lock_both(struct dentry *one, struct dentry *other)
{
    if (one == other) {
        rwlock_write(&one->inode->lock);
        return;
    }
    bool one_first = is_above(one, other) || (!is_above(other, one) && one < other);
    rwlock_write(one_first ? &one->inode->lock : &other->inode->lock);
    rwlock_write_nested(one_first ? &other->inode->lock : &one->inode->lock);
}

static void unlock_both(struct dentry *one, struct dentry *other)
{
    rwlock_write_unlock(&one->inode->lock);
    if (one != other)
        rwlock_write_unlock(&other->inode->lock);
}

struct moving {
    const struct walk *walk;
    struct place from, to;
    unsigned flags;
};

/* Checks that OLD may come to where NEW (NULL or negative: nothing) is. */
static int check_move(const struct moving *moving, const struct dentry *old, const struct dentry *new)
{
    const struct inode *from = moving->from.directory.dentry->inode, *to = moving->to.directory.dentry->inode;
    bool directory = is_directory(old->inode);
    if (is_above(old, moving->to.directory.dentry))
        return -EINVAL;
    if (!directory && (moving->from.trailing || moving->to.trailing))
        return -ENOTDIR;
    int error = check_remove(moving->walk, from, old);
    if (error)
        return error;
    if (new == NULL || new->inode == NULL)
        return check_change(moving->walk, to);
    if (moving->flags & RENAME_NOREPLACE)
        return -EEXIST;
    if (directory && !is_directory(new->inode))
        return -ENOTDIR;
    if (!directory && is_directory(new->inode))
        return -EISDIR;
    if (is_above(new, moving->from.directory.dentry))
        return -ENOTEMPTY;
    return check_remove(moving->walk, to, new);
}

static int move_locked(const struct moving *moving)
{
    const struct place *from = &moving->from, *to = &moving->to;
    struct dentry *old = NULL, *new = NULL;
    int error = path_lookup_locked(&from->directory, from->name, from->length, &old);
    if (!error && old->inode == NULL)
        error = -ENOENT;
    if (!error) {
        error = path_lookup_locked(&to->directory, to->name, to->length, &new);
        error = error == -ENOENT ? 0 : error;
    }
    if (!error && new && new->inode == old->inode)
        goto out_put; /* two names of one file: nothing is to be done */
    if (!error)
        error = check_move(moving, old, new);
    struct inode *from_dir = from->directory.dentry->inode;
    if (!error && from_dir->ops->rename == NULL)
        error = -EPERM;
    struct dentry *victim = new && new->inode ? new : NULL;
    if (!error && new && !victim)
        dentry_unhash(new);
    if (!error) {
        lock_victim(victim);
        error = victim && victim->mounts
                    ? -EBUSY
                    : from_dir->ops->rename(from_dir, old, to->directory.dentry, to->name, to->length, victim);
        unlock_victim(victim);
    }
out_put:
    dentry_put(old);
    dentry_put(new);
    return error;
}

int name_rename(
    const struct walk *from, const char *from_name, const struct walk *to, const char *to_name, unsigned flags)
{
    struct moving moving = {.walk = from, .flags = flags};
    if (flags & ~RENAME_NOREPLACE)
        return -EINVAL;
    int error = find_place(from, from_name, &moving.from);
    if (error)
        return error;
    error = find_place(to, to_name, &moving.to);
    if (error)
        goto out_from;
    if (moving.from.length == 0 || moving.to.length == 0 || is_dots(&moving.from) || is_dots(&moving.to))
        error = -EBUSY;
    else if (moving.from.directory.mount != moving.to.directory.mount)
        error = -EXDEV;
    else {
        struct dentry *one = moving.from.directory.dentry, *other = moving.to.directory.dentry;
        mutex_lock(&rename_lock);
        lock_both(one, other);
        error = move_locked(&moving);
        unlock_both(one, other);
        mutex_unlock(&rename_lock);
    }
    path_put(&moving.to.directory);
out_from:
    path_put(&moving.from.directory);
    return error;
}
