/*
 * Making and removing names: see names.h. A change works on one directory, which is locked. What has to be checked, and
 * in which order (programs tell the errors apart), is as on Linux.
 *
 * Source: POSIX.1-2017, mkdir, mknod, link, symlink, unlink, rmdir.
 */
#include "fs/names.h"

#include "fs/names_internal.h"
#include "fs/watch.h"
#include "lib/errno.h"
#include "lib/string.h"

int place_find(const struct walk *walk, const char *name, struct place *place)
{
    return path_walk_parent(walk, name, &place->directory, &place->name, &place->length, &place->trailing);
}

int name_check_change(const struct walk *walk, const struct inode *directory)
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
    struct inode *inode; /* of a hard link, */
    struct mount *mount; /* which lies there */
};

/*
 * Who may give a file another name? Its owner; and whoever may read and write it, if it is nothing that gives rights to
 * who executes it. Otherwise anybody could keep an old program of root's, say, by a link of his own.
 */
static bool may_link(const struct inode *inode, const struct credentials *credentials)
{
    if (inode->uid == credentials->fsuid || credentials_capable(credentials, CAP_FOWNER))
        return true;
    if ((inode->mode & S_IFMT) != S_IFREG || inode->mode & S_ISUID ||
        (inode->mode & (S_ISGID | 010)) == (S_ISGID | 010))
        return false;
    return inode_permission(inode, INODE_READ | INODE_WRITE, credentials) == 0;
}

static int make_in(struct inode *dir, struct dentry *dentry, const struct making *making, const struct walk *walk)
{
    const struct inode_ops *ops = dir->ops;
    uint32_t type = making->mode & S_IFMT;
    if (making->inode && making->inode->links == 0 && !making->inode->linkable)
        return -ENOENT; /* its last name is gone */
    if (making->inode)
        return ops->link && !is_directory(making->inode) ? ops->link(dir, dentry, making->inode) : -EPERM;
    if (making->target)
        return ops->symlink ? ops->symlink(dir, dentry, making->target, walk->credentials) : -EPERM;
    if ((type == S_IFCHR || type == S_IFBLK) && !credentials_capable(walk->credentials, CAP_MKNOD))
        return -EPERM;
    if (ops->create == NULL)
        return type == S_IFREG ? -EACCES : -EPERM;
    return ops->create(dir, dentry, making->mode, making->device, walk->credentials);
}

/* The name is known not to be there (NEGATIVE, whose reference goes, or NULL). *made gets a reference. */
static int make_new(const struct walk *walk, struct dentry *parent, const char *name, size_t length,
    const struct making *making, struct dentry *negative, struct dentry **made)
{
    int error = parent->inode->ops->is_current ? -ENOENT : name_check_change(walk, parent->inode);
    struct dentry *dentry = error ? NULL : dentry_create(parent, name, length);
    if (dentry == NULL) {
        dentry_put(negative);
        return error ? error : -ENOMEM;
    }
    if (negative) /* the new one takes its place */
        dentry_unhash(negative);
    dentry_put(negative);
    error = make_in(parent->inode, dentry, making, walk);
    if (error) {
        dentry_put(dentry);
        return error;
    }
    if (making->inode)
        watch_inode(making->inode, IN_ATTRIB); /* it has one link more */
    watch_name(parent->inode, dentry->inode, IN_CREATE, name, length);
    *made = dentry;
    return 0;
}

/* Is it there? The dentry with a reference if the cache knows it, negative perhaps; -ENOENT without one. */
static int look_up(struct dentry *parent, const char *name, size_t length, struct dentry **found)
{
    struct path directory = {.dentry = parent};
    *found = NULL;
    int error = path_lookup_locked(&directory, name, length, found);
    return error ? error : (*found)->inode ? 0 : -ENOENT;
}

/* The directory is locked. WRITABLE: 0, or why nothing can be made there; what is there matters more. */
static int make_locked(const struct walk *walk, const struct place *place, const struct making *making, int writable)
{
    struct dentry *parent = place->directory.dentry, *dentry, *made;
    int error = look_up(parent, place->name, place->length, &dentry);
    if (error == 0)
        error = -EEXIST;
    else if (error == -ENOENT && place->trailing && (making->mode & S_IFMT) != S_IFDIR)
        error = -ENOENT;
    else if (error == -ENOENT && writable == 0) {
        error = make_new(walk, parent, place->name, place->length, making, dentry, &made);
        dentry = error ? NULL : made;
    } else if (error == -ENOENT) {
        error = writable;
    }
    dentry_put(dentry);
    return error;
}

static int make(const struct walk *walk, const char *name, const struct making *making)
{
    struct place place;
    int error = place_find(walk, name, &place);
    if (error)
        return error;
    if (place.length == 0 || place_is_dots(&place))
        error = -EEXIST;
    else if (making->inode && place.directory.mount != making->mount)
        error = -EXDEV;
    else if (making->inode && !may_link(making->inode, walk->credentials))
        error = -EPERM;
    else {
        rwlock_write(&place.directory.dentry->inode->lock);
        error = make_locked(walk, &place, making, mount_check_write(place.directory.mount));
        rwlock_write_unlock(&place.directory.dentry->inode->lock);
    }
    path_put(&place.directory);
    return error;
}

int name_create_in(const struct walk *walk, const struct path *directory, const char *name, size_t length,
    uint32_t mode, struct dentry **dentry, bool *created)
{
    const struct making making = {.mode = S_IFREG | mode};
    struct inode *dir = directory->dentry->inode;
    rwlock_write(&dir->lock);
    int error = look_up(directory->dentry, name, length, dentry);
    if (error == -ENOENT) {
        error = mount_check_write(directory->mount);
        if (error)
            dentry_put(*dentry);
        else
            error = make_new(walk, directory->dentry, name, length, &making, *dentry, dentry);
        *created = error == 0;
    }
    rwlock_write_unlock(&dir->lock);
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
    return make(walk, name, &(struct making){.mode = S_IFREG, .inode = inode, .mount = existing->mount});
}

/* ------------------------------------------------------------------------------------------------------------------
 * Removing
 */

/* In a directory with the sticky bit only the owners of the file and of the directory may take a name away. */
static bool is_sticky(const struct walk *walk, const struct inode *dir, const struct inode *inode)
{
    uint32_t uid = walk->credentials->fsuid;
    return dir->mode & S_ISVTX && uid != dir->uid && uid != inode->uid &&
           !credentials_capable(walk->credentials, CAP_FOWNER);
}

int name_check_remove(
    const struct walk *walk, const struct inode *dir, const struct dentry *dentry, bool want_directory)
{
    int error = name_check_change(walk, dir);
    if (error)
        return error;
    if (is_sticky(walk, dir, dentry->inode))
        return -EPERM;
    if (is_directory(dentry->inode) != want_directory)
        return want_directory ? -ENOTDIR : -EISDIR;
    return 0;
}

/* The name is gone; the file, too, if it has no other and nobody but the caller holds this one. */
static void watch_unlinked(struct inode *dir, const struct dentry *dentry)
{
    struct inode *inode = dentry->inode;
    if (!is_directory(inode))
        watch_inode(inode, IN_ATTRIB);
    if (inode->links == 0 && __atomic_load_n(&dentry->references, __ATOMIC_RELAXED) == 1)
        watch_gone(inode);
    watch_name(dir, inode, IN_DELETE, dentry->name, dentry->length);
}

static int unlink_locked(struct inode *dir, struct dentry *dentry)
{
    name_lock_victim(dentry);
    int error = dentry->mounts ? -EBUSY : dir->ops->unlink ? dir->ops->unlink(dir, dentry) : -EPERM;
    name_unlock_victim(dentry);
    if (!error)
        watch_unlinked(dir, dentry);
    return error;
}

static int remove_locked(const struct walk *walk, const struct place *place, bool directory)
{
    struct inode *dir = place->directory.dentry->inode;
    struct dentry *dentry;
    int error = look_up(place->directory.dentry, place->name, place->length, &dentry);
    if (!error && !directory && place->trailing)
        error = is_directory(dentry->inode) ? -EISDIR : -ENOTDIR;
    if (!error)
        error = name_check_remove(walk, dir, dentry, directory);
    if (!error)
        error = unlink_locked(dir, dentry);
    dentry_put(dentry);
    return error;
}

int name_remove(const struct walk *walk, const char *name, bool directory)
{
    struct place place;
    int error = place_find(walk, name, &place);
    if (error)
        return error;
    if (place.length == 0)
        error = directory ? -EBUSY : -EISDIR; /* the root */
    else if (place_is_dots(&place))
        error = !directory ? -EISDIR : place.length == 1 ? -EINVAL : -ENOTEMPTY;
    else if ((error = mount_check_write(place.directory.mount)) == 0) {
        rwlock_write(&place.directory.dentry->inode->lock);
        error = remove_locked(walk, &place, directory);
        rwlock_write_unlock(&place.directory.dentry->inode->lock);
    }
    path_put(&place.directory);
    return error;
}
