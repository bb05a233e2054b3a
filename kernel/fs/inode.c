/*
 * Inodes: what all file systems do with them alike: references, attributes, permission.
 *
 * Source: POSIX.1-2017, 4.5 (file access permissions); capabilities(7).
 */
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/lock.h"
#include "fs/mount.h"
#include "fs/watch.h"
#include "fs/xattr.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "panic.h"
#include "time/clock.h"

static struct slab_cache *inode_cache;

void inodes_init(void)
{
    inode_cache = slab_cache_create("inode", sizeof(struct inode), _Alignof(struct inode));
    if (!inode_cache)
        panic("there is not enough memory to start; give the machine more");
}

uint64_t inode_count(void)
{
    return slab_object_count(inode_cache);
}

struct inode *inode_create(struct superblock *super, uint32_t mode, const struct credentials *credentials)
{
    struct inode *inode = slab_allocate(inode_cache, ALLOC_ZERO);
    if (inode == NULL)
        return NULL;
    inode->super = super;
    inode->number = super ? __atomic_add_fetch(&super->next_inode, 1, __ATOMIC_RELAXED) : 0;
    inode->mode = mode;
    inode->uid = credentials->fsuid;
    inode->gid = credentials->fsgid;
    inode->references = 1;
    inode->links = 1;
    inode->accessed = inode->modified = inode->changed = inode->created = (fs_time_t)clock_wall();
    rwlock_init(&inode->lock, (mode & S_IFMT) == S_IFDIR ? LOCK_RANK_DIRECTORY : LOCK_RANK_FILE);
    return inode;
}

void inode_get(struct inode *inode)
{
    __atomic_fetch_add(&inode->references, 1, __ATOMIC_RELAXED);
}

void inode_put(struct inode *inode)
{
    if (__atomic_sub_fetch(&inode->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    if (__builtin_expect(inode->xattrs != NULL, 0))
        xattrs_destroy(inode);
    if (inode->ops->release)
        inode->ops->release(inode);
    locks_destroy(inode->locks);
    watches_destroy(inode->watches);
    slab_free(inode_cache, inode);
}

/* The three bits of the mode that hold for the caller. */
static unsigned granted_bits(const struct inode *inode, const struct credentials *credentials)
{
    if (credentials->fsuid == inode->uid)
        return inode->mode >> 6 & 7;
    if (credentials_in_group(credentials, inode->gid))
        return inode->mode >> 3 & 7;
    return inode->mode & 7;
}

int inode_permission(const struct inode *inode, unsigned wanted, const struct credentials *credentials)
{
    if ((wanted & ~granted_bits(inode, credentials)) == 0)
        return 0;
    bool directory = (inode->mode & S_IFMT) == S_IFDIR;
    /* Whoever overrides reads and writes everything, and executes what somebody may execute. */
    if (credentials_capable(credentials, CAP_DAC_OVERRIDE) &&
        (directory || !(wanted & INODE_EXECUTE) || inode->mode & 0111))
        return 0;
    unsigned searching = directory ? INODE_READ | INODE_EXECUTE : INODE_READ;
    if (credentials_capable(credentials, CAP_DAC_READ_SEARCH) && (wanted & ~searching) == 0)
        return 0;
    return -EACCES;
}

int path_permission(const struct path *path, unsigned wanted, const struct credentials *credentials)
{
    const struct inode *inode = path->dentry->inode;
    unsigned flags = path->mount->flags, super_flags = path->mount->super->flags;
    uint32_t type = inode->mode & S_IFMT;
    bool kept = type == S_IFREG || type == S_IFDIR || type == S_IFLNK; /* what is written to is the file system */
    if (wanted & INODE_WRITE && kept && super_flags & MS_RDONLY)
        return -EROFS;
    if (wanted & INODE_EXECUTE && type == S_IFREG && (flags | super_flags) & MS_NOEXEC)
        return -EACCES;
    int error = inode_permission(inode, wanted, credentials);
    return !error && wanted & INODE_WRITE && kept && flags & MS_RDONLY ? -EROFS : error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Writing and executing
 */

/* One more in the direction STEP, unless the count is on the other side of 0. */
static int count_user(struct inode *inode, int32_t step)
{
    int32_t writers = __atomic_load_n(&inode->writers, __ATOMIC_RELAXED);
    do
        if (step > 0 ? writers < 0 : writers > 0)
            return -ETXTBSY;
    while (!__atomic_compare_exchange_n(
        &inode->writers, &writers, writers + step, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return 0;
}

int inode_begin_write(struct inode *inode)
{
    return count_user(inode, 1);
}

void inode_end_write(struct inode *inode)
{
    __atomic_fetch_sub(&inode->writers, 1, __ATOMIC_RELEASE);
}

int inode_deny_write(struct inode *inode)
{
    return count_user(inode, -1);
}

void inode_allow_write(struct inode *inode)
{
    __atomic_fetch_add(&inode->writers, 1, __ATOMIC_RELEASE);
}
