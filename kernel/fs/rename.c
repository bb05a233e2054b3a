/*
 * Moving names: see names.h. rename_lock keeps the tree still while a directory is moved to another, so that it cannot
 * come to lie below itself; then the two directories are locked, the one that is above the other first, and else in the
 * order of their addresses.
 *
 * Source: POSIX.1-2017, rename; rename(2).
 */
#include "fs/names_internal.h"

#include "fs/names.h"
#include "fs/watch.h"
#include "lib/errno.h"

static struct mutex rename_lock = MUTEX_INIT(rename_lock, RENAME);

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
    struct dentry *old, *new; /* what is there now; new NULL: nothing */
};

/* Finds both; a negative dentry where the old one shall go is of no use any more. */
static int find_both(struct moving *moving)
{
    const struct place *from = &moving->from, *to = &moving->to;
    int error = path_lookup_locked(&from->directory, from->name, from->length, &moving->old);
    if (error || moving->old->inode == NULL)
        return error ? error : -ENOENT;
    error = path_lookup_locked(&to->directory, to->name, to->length, &moving->new);
    if (error)
        return error == -ENOENT && !(moving->flags & RENAME_EXCHANGE) ? 0 : error;
    if (moving->new->inode)
        return moving->flags & RENAME_NOREPLACE ? -EEXIST : 0;
    if (moving->flags & RENAME_EXCHANGE)
        return -ENOENT;
    dentry_unhash(moving->new);
    dentry_put(moving->new);
    moving->new = NULL;
    return 0;
}

/* Do the names fit what they mean, and does neither of the two lie below the other's directory? */
static int check_places(const struct moving *moving)
{
    bool exchange = moving->flags & RENAME_EXCHANGE;
    if (!is_directory(moving->old->inode) && (moving->from.trailing || (!exchange && moving->to.trailing)))
        return -ENOTDIR;
    if (exchange && !is_directory(moving->new->inode) && moving->to.trailing)
        return -ENOTDIR;
    if (is_above(moving->old, moving->to.directory.dentry))
        return -EINVAL;
    if (moving->new && is_above(moving->new, moving->from.directory.dentry))
        return exchange ? -EINVAL : -ENOTEMPTY;
    return 0;
}

/* A directory that comes to another one is changed itself: its "..". */
static int check_own(const struct moving *moving, const struct dentry *dentry)
{
    if (!is_directory(dentry->inode) || moving->from.directory.dentry == moving->to.directory.dentry)
        return 0;
    return inode_permission(dentry->inode, INODE_WRITE, moving->walk->credentials);
}

static int check_permissions(const struct moving *moving)
{
    const struct inode *from = moving->from.directory.dentry->inode, *to = moving->to.directory.dentry->inode;
    const struct dentry *old = moving->old, *new = moving->new;
    bool exchange = moving->flags & RENAME_EXCHANGE, directory = is_directory(old->inode);
    int error = name_check_remove(moving->walk, from, old, directory);
    if (!error)
        error = new ? name_check_remove(moving->walk, to, new, exchange ? is_directory(new->inode) : directory)
                    : name_check_change(moving->walk, to);
    if (!error)
        error = check_own(moving, old);
    if (!error && exchange)
        error = check_own(moving, new);
    if (!error && (old->mounts || (new && new->mounts)))
        error = -EBUSY;
    return error;
}

/* DENTRY has come from FROM, to where VICTIM (NULL: nothing) was. */
static void watch_moved(const struct place *from, const struct dentry *dentry, const struct dentry *victim)
{
    watch_move(from->directory.dentry->inode, from->name, from->length, dentry);
    if (victim)
        watch_inode(victim->inode, IN_ATTRIB);
    watch_inode(dentry->inode, IN_MOVE_SELF);
}

static int move(const struct moving *moving)
{
    struct inode *dir = moving->from.directory.dentry->inode;
    const struct place *to = &moving->to;
    if (moving->flags & RENAME_EXCHANGE) {
        int result = dir->ops->exchange ? dir->ops->exchange(moving->old, moving->new) : -EINVAL;
        if (!result) {
            watch_moved(&moving->from, moving->old, NULL);
            watch_moved(&moving->to, moving->new, NULL);
        }
        return result;
    }
    if (dir->ops->rename == NULL)
        return -EPERM;
    name_lock_victim(moving->new);
    int error = moving->new && moving->new->mounts
                    ? -EBUSY
                    : dir->ops->rename(dir, moving->old, to->directory.dentry, to->name, to->length, moving->new);
    name_unlock_victim(moving->new);
    if (!error)
        watch_moved(&moving->from, moving->old, moving->new);
    return error;
}

static int move_locked(struct moving *moving)
{
    int error = find_both(moving);
    if (!error)
        error = check_places(moving);
    bool same = !error && moving->new && moving->new->inode == moving->old->inode;
    if (!error && !same) /* two names of one file: nothing is to be done */
        error = check_permissions(moving);
    if (!error && !same)
        error = move(moving);
    dentry_put(moving->old);
    dentry_put(moving->new);
    return error;
}

static int check_names(const struct moving *moving)
{
    const struct place *from = &moving->from, *to = &moving->to;
    if (from->directory.mount != to->directory.mount)
        return -EXDEV;
    if (from->length == 0 || place_is_dots(from))
        return -EBUSY;
    if (to->length == 0 || place_is_dots(to))
        return moving->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    return mount_check_write(from->directory.mount);
}

int name_rename(
    const struct walk *from, const char *from_name, const struct walk *to, const char *to_name, unsigned flags)
{
    struct moving moving = {.walk = from, .flags = flags};
    if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    int error = place_find(from, from_name, &moving.from);
    if (error)
        return error;
    error = place_find(to, to_name, &moving.to);
    if (error)
        goto out_from;
    error = check_names(&moving);
    if (!error) {
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
