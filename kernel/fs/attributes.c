/*
 * Attributes: see attributes.h.
 *
 * Source: POSIX.1-2017, chmod, chown, truncate, utimensat; inode(7); capabilities(7); mount(8) for relatime.
 */
#include "fs/attributes.h"

#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/watch.h"
#include "lib/errno.h"
#include "time/clock.h"

#define RELATIME_AGE (24 * 3600 * (fs_time_t)NS_PER_SECOND)

static fs_time_t now(void)
{
    return (fs_time_t)clock_wall();
}

bool inode_is_owner(const struct inode *inode, const struct credentials *credentials)
{
    return inode->uid == credentials->fsuid || credentials_capable(credentials, CAP_FOWNER);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Mode and owner
 */

/* What is left of the mode when somebody else's work comes into the file: a set-group-ID bit without that to execute
 * means something else. */
static uint32_t without_privileges(uint32_t mode)
{
    mode &= ~S_ISUID;
    return mode & 010 ? mode & ~S_ISGID : mode;
}

void inode_drop_privileges(struct inode *inode, const struct credentials *credentials)
{
    if ((inode->mode & S_IFMT) != S_IFREG || !(inode->mode & (S_ISUID | S_ISGID)) ||
        credentials_capable(credentials, CAP_FSETID))
        return;
    rwlock_write(&inode->lock);
    inode->mode = without_privileges(inode->mode);
    rwlock_write_unlock(&inode->lock);
}

/* May the caller give a file of that group its set-group-ID bit? */
static bool may_set_group_id(uint32_t gid, const struct credentials *credentials)
{
    return credentials_in_group(credentials, gid) || credentials_capable(credentials, CAP_FSETID);
}

int path_set_mode(const struct path *path, uint32_t mode, const struct credentials *credentials)
{
    struct inode *inode = path->dentry->inode;
    int error = mount_check_write(path->mount);
    if (error)
        return error;
    if ((inode->mode & S_IFMT) == S_IFLNK)
        return -EOPNOTSUPP;
    rwlock_write(&inode->lock);
    if (!inode_is_owner(inode, credentials))
        error = -EPERM;
    else if (inode->ops->change)
        error = inode->ops->change(inode, INODE_CHANGE_MODE);
    if (!error) {
        uint32_t kept = may_set_group_id(inode->gid, credentials) ? 07777 : 07777 & ~S_ISGID;
        inode->mode = (inode->mode & S_IFMT) | (mode & kept);
        inode->changed = now();
    }
    rwlock_write_unlock(&inode->lock);
    if (!error)
        watch_dentry(path->dentry, IN_ATTRIB);
    return error;
}

static int check_owner(const struct inode *inode, uint32_t uid, uint32_t gid, const struct credentials *credentials)
{
    bool owner = inode->uid == credentials->fsuid, any = credentials_capable(credentials, CAP_CHOWN);
    if (uid != OWNER_KEEP && !any && !(owner && uid == inode->uid))
        return -EPERM;
    if (gid != OWNER_KEEP && !any && !(owner && (gid == inode->gid || credentials_in_group(credentials, gid))))
        return -EPERM;
    return 0;
}

int path_set_owner(const struct path *path, uint32_t uid, uint32_t gid, const struct credentials *credentials)
{
    struct inode *inode = path->dentry->inode;
    int error = mount_check_write(path->mount);
    if (error)
        return error;
    rwlock_write(&inode->lock);
    uint32_t mode = inode->mode;
    if ((mode & S_IFMT) != S_IFDIR)
        mode = without_privileges(mode);
    error = check_owner(inode, uid, gid, credentials);
    if (!error && mode != inode->mode && !inode_is_owner(inode, credentials))
        error = -EPERM;
    if (!error && inode->ops->change)
        error = inode->ops->change(inode, INODE_CHANGE_OWNER);
    if (!error) {
        inode->uid = uid == OWNER_KEEP ? inode->uid : uid;
        inode->gid = gid == OWNER_KEEP ? inode->gid : gid;
        inode->mode = mode;
        inode->changed = now();
    }
    rwlock_write_unlock(&inode->lock);
    if (!error)
        watch_dentry(path->dentry, IN_ATTRIB);
    return error;
}

void inode_inherit(struct inode *inode, const struct inode *dir, const struct credentials *credentials)
{
    if (!(dir->mode & S_ISGID))
        return;
    inode->gid = dir->gid;
    if ((inode->mode & S_IFMT) == S_IFDIR)
        inode->mode |= S_ISGID;
    else if (inode->mode & 010 && !may_set_group_id(inode->gid, credentials))
        inode->mode &= ~S_ISGID;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Size
 */

int inode_set_size(struct inode *inode, uint64_t size, const struct credentials *credentials)
{
    if (inode->ops->truncate == NULL)
        return -EINVAL;
    if (size > INT64_MAX)
        return -EFBIG;
    inode_drop_privileges(inode, credentials);
    rwlock_write(&inode->lock);
    int error = inode->ops->truncate(inode, size);
    if (!error)
        inode->modified = inode->changed = now();
    rwlock_write_unlock(&inode->lock);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Times
 */

static int check_times(
    const struct inode *inode, const struct time_change *change, const struct credentials *credentials)
{
    bool both_now = change->accessed_kind == TIME_NOW && change->modified_kind == TIME_NOW;
    if (inode_is_owner(inode, credentials))
        return 0;
    return both_now ? inode_permission(inode, INODE_WRITE, credentials) : -EPERM;
}

static void set_time(fs_time_t *time, enum time_change_kind kind, fs_time_t value, fs_time_t moment)
{
    if (kind != TIME_OMIT)
        *time = kind == TIME_NOW ? moment : value;
}

int path_set_times(const struct path *path, const struct time_change *change, const struct credentials *credentials)
{
    struct inode *inode = path->dentry->inode;
    bool accessed = change->accessed_kind != TIME_OMIT, modified = change->modified_kind != TIME_OMIT;
    uint32_t event = accessed && modified ? IN_ATTRIB : accessed ? IN_ACCESS : modified ? IN_MODIFY : 0;
    int error = mount_check_write(path->mount);
    if (error)
        return error;
    rwlock_write(&inode->lock);
    error = check_times(inode, change, credentials);
    if (!error && inode->ops->change)
        error = inode->ops->change(inode, INODE_CHANGE_TIMES);
    if (!error) {
        fs_time_t moment = now();
        set_time(&inode->accessed, change->accessed_kind, change->accessed, moment);
        set_time(&inode->modified, change->modified_kind, change->modified, moment);
        inode->changed = moment;
    }
    rwlock_write_unlock(&inode->lock);
    if (!error && event)
        watch_dentry(path->dentry, event);
    return error;
}

void inode_accessed(struct inode *inode, const struct mount *mount)
{
    unsigned flags = mount->flags | mount->super->flags;
    if (flags & (MS_NOATIME | MS_RDONLY) || (flags & MS_NODIRATIME && (inode->mode & S_IFMT) == S_IFDIR))
        return;
    fs_time_t moment = now(), before = inode->accessed;
    /* Whoever wants to know whether something was read since it was written can tell. */
    if (!(flags & MS_RELATIME) || before <= inode->modified || before <= inode->changed ||
        moment - before >= RELATIME_AGE)
        __atomic_store_n(&inode->accessed, moment, __ATOMIC_RELAXED);
}
