/*
 * Extended attributes: see xattr.h. A file has few, so they are a list that is searched.
 */
#include "fs/xattr.h"

#include "fs/attributes.h"
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/watch.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "time/clock.h"

enum space { SPACE_NONE, SPACE_USER, SPACE_TRUSTED, SPACE_SECURITY };

static const struct {
    const char *prefix;
    size_t length;
} spaces[] = {[SPACE_USER] = {"user.", 5}, [SPACE_TRUSTED] = {"trusted.", 8}, [SPACE_SECURITY] = {"security.", 9}};

#define CAPABILITY_NAME "security.capability"

static enum space space_of(const char *name)
{
    for (unsigned i = SPACE_USER; i < ARRAY_LENGTH(spaces); i++)
        if (strncmp(name, spaces[i].prefix, spaces[i].length) == 0)
            return (enum space)i;
    return SPACE_NONE;
}

struct xattr *xattr_create(const char *name, size_t size)
{
    size_t length = strlen(name);
    struct xattr *xattr = kmalloc(sizeof *xattr + length + 1 + size, 0);
    if (xattr == NULL)
        return NULL;
    *xattr = (struct xattr){.size = (uint32_t)size, .name_length = (uint16_t)length};
    list_node_init(&xattr->link);
    memcpy(xattr->text, name, length + 1);
    return xattr;
}

void xattr_free(struct xattr *xattr)
{
    kfree(xattr);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Who may do that
 */

/* "user." attributes are for what has contents; in a directory that all may write to they are the owner's. */
static int check_user(const struct inode *inode, bool write, const struct credentials *credentials)
{
    uint32_t type = inode->mode & S_IFMT;
    if (type != S_IFREG && type != S_IFDIR)
        return write ? -EPERM : -ENODATA;
    return write && type == S_IFDIR && inode->mode & S_ISVTX && !inode_is_owner(inode, credentials) ? -EPERM : 0;
}

static int check_security(const char *name, bool write, const struct credentials *credentials)
{
    unsigned needed = strcmp(name, CAPABILITY_NAME) == 0 ? CAP_SETFCAP : CAP_SYS_ADMIN;
    return write && !credentials_capable(credentials, needed) ? -EPERM : 0;
}

/* May the caller, and can the file? The inode is locked. */
static int check(struct inode *inode, const char *name, bool write, const struct credentials *credentials)
{
    enum space space = space_of(name);
    int error = 0;
    if (space == SPACE_SECURITY)
        error = check_security(name, write, credentials);
    else if (space == SPACE_TRUSTED)
        error = credentials_capable(credentials, CAP_SYS_ADMIN) ? 0 : write ? -EPERM : -ENODATA;
    else if (space == SPACE_USER)
        error = check_user(inode, write, credentials);
    if (!error && (space == SPACE_USER || space == SPACE_NONE) && strncmp(name, "system.", 7) != 0)
        error = inode_permission(inode, write ? INODE_WRITE : INODE_READ, credentials);
    if (error)
        return error;
    if (space == SPACE_NONE || inode->super->type->charge_xattrs == NULL)
        return -EOPNOTSUPP;
    return name[spaces[space].length] ? 0 : -EINVAL;
}

/* The value must look like what execve would read: struct vfs_cap_data of <linux/capability.h>, version 2 or 3. */
static int check_value(struct xattr *xattr)
{
    uint32_t magic;
    if (strcmp(xattr->text, CAPABILITY_NAME) != 0)
        return 0;
    if (xattr->size < sizeof magic)
        return -EINVAL;
    memcpy(&magic, xattr_value(xattr), sizeof magic);
    unsigned version = magic >> 24;
    return (version == 2 && xattr->size == 20) || (version == 3 && xattr->size == 24) ? 0 : -EINVAL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The list. All with the inode locked
 */

static struct xattr *find(const struct inode *inode, const char *name)
{
    if (inode->xattrs == NULL)
        return NULL;
    list_for_each(struct xattr, xattr, inode->xattrs, link)
    {
        if (strcmp(xattr->text, name) == 0)
            return xattr;
    }
    return NULL;
}

/* What one takes, as it is charged. */
static int64_t cost(const struct xattr *xattr)
{
    return xattr ? (int64_t)(sizeof *xattr + xattr->name_length + 1 + xattr->size) : 0;
}

static int charge(struct inode *inode, int64_t bytes)
{
    return inode->super->type->charge_xattrs(inode->super, bytes);
}

static int make_list(struct inode *inode)
{
    if (inode->xattrs)
        return 0;
    inode->xattrs = kmalloc(sizeof *inode->xattrs, 0);
    if (inode->xattrs == NULL)
        return -ENOMEM;
    list_init(inode->xattrs);
    return 0;
}

/* NEW in place of OLD, either of which may be NULL. */
static int exchange(struct inode *inode, struct xattr *old, struct xattr *new)
{
    int error = make_list(inode);
    if (!error)
        error = charge(inode, cost(new) - cost(old));
    if (error)
        return error;
    if (new)
        list_push_back(inode->xattrs, &new->link);
    if (old)
        list_remove(&old->link);
    inode->changed = (fs_time_t)clock_wall();
    return 0;
}

void xattrs_destroy(struct inode *inode)
{
    while (!list_is_empty(inode->xattrs)) {
        struct xattr *xattr = container_of(list_first(inode->xattrs), struct xattr, link);
        (void)charge(inode, -cost(xattr));
        list_remove(&xattr->link);
        xattr_free(xattr);
    }
    kfree(inode->xattrs);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Changing and telling
 */

static int set_locked(
    struct inode *inode, struct xattr *new, unsigned flags, const struct credentials *credentials, struct xattr **old)
{
    int error = check_value(new);
    if (!error)
        error = check(inode, new->text, true, credentials);
    if (error)
        return error;
    *old = find(inode, new->text);
    if (*old ? flags & XATTR_CREATE : flags & XATTR_REPLACE)
        error = *old ? -EEXIST : -ENODATA;
    if (!error)
        error = exchange(inode, *old, new);
    if (error)
        *old = NULL;
    return error;
}

int path_set_xattr(const struct path *path, struct xattr *xattr, unsigned flags, const struct credentials *credentials)
{
    struct inode *inode = path->dentry->inode;
    struct xattr *old = NULL;
    rwlock_write(&inode->lock);
    int error = set_locked(inode, xattr, flags, credentials, &old);
    rwlock_write_unlock(&inode->lock);
    xattr_free(error ? xattr : old);
    if (!error)
        watch_dentry(path->dentry, IN_ATTRIB);
    return error;
}

int path_remove_xattr(const struct path *path, const char *name, const struct credentials *credentials)
{
    struct inode *inode = path->dentry->inode;
    struct xattr *old = NULL;
    rwlock_write(&inode->lock);
    int error = check(inode, name, true, credentials);
    if (!error)
        error = (old = find(inode, name)) ? exchange(inode, old, NULL) : -ENODATA;
    rwlock_write_unlock(&inode->lock);
    if (error)
        return error;
    xattr_free(old);
    watch_dentry(path->dentry, IN_ATTRIB);
    return 0;
}

static long tell(struct xattr *xattr, uaddr_t to, uint64_t size)
{
    if (size == 0)
        return xattr->size;
    if (size < xattr->size)
        return -ERANGE;
    return user_write(to, xattr_value(xattr), xattr->size) == 0 ? (long)xattr->size : -EFAULT;
}

long inode_get_xattr(
    struct inode *inode, const char *name, uaddr_t to, uint64_t size, const struct credentials *credentials)
{
    rwlock_read(&inode->lock);
    long result = check(inode, name, false, credentials);
    struct xattr *xattr = result == 0 ? find(inode, name) : NULL;
    if (result == 0)
        result = xattr ? tell(xattr, to, size) : -ENODATA;
    rwlock_read_unlock(&inode->lock);
    return result;
}

static long list_locked(const struct inode *inode, uaddr_t to, uint64_t size, bool trusted)
{
    uint64_t total = 0;
    list_for_each(struct xattr, xattr, inode->xattrs, link)
    {
        uint64_t length = xattr->name_length + 1u;
        if (!trusted && space_of(xattr->text) == SPACE_TRUSTED)
            continue;
        if (size && total + length > size)
            return -ERANGE;
        if (size && user_write(to + total, xattr->text, length) != 0)
            return -EFAULT;
        total += length;
    }
    return (long)total;
}

long inode_list_xattrs(struct inode *inode, uaddr_t to, uint64_t size, const struct credentials *credentials)
{
    rwlock_read(&inode->lock);
    long result = inode->xattrs ? list_locked(inode, to, size, credentials_capable(credentials, CAP_SYS_ADMIN)) : 0;
    rwlock_read_unlock(&inode->lock);
    return result == -ERANGE && size >= XATTR_LIST_MAX ? -E2BIG : result;
}
