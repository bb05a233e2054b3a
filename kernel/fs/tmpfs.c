/*
 * tmpfs: a file system in memory. Names are pinned dentries, contents the page cache, attributes the inode: there is
 * nothing else to it. Also the first file system, which the initramfs is unpacked into.
 *
 * A directory's position is: 0 ".", 1 "..", then the children in the order of their making. Whoever reads a directory
 * in pieces while names in it come and go may miss those, but no others: the position is the number of the next child,
 * and numbers (dentry->cookie) only grow.
 *
 * How many pages and inodes there may be is counted (struct tmpfs_super), and the mount's options set the limits. An
 * inode counts for INODE_BYTES, and extended attributes for what they take, so that many inodes fewer fit.
 */
#include "fs/tmpfs.h"
#include "fs/attributes.h"
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/tmpfs_internal.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "time/clock.h"

#define TMPFS_MAGIC 0x01021994
#define INODE_BYTES 1024u
#define ENTRY_SIZE 20 /* what a name counts for in the size of a directory, as on Linux */

struct tmpfs_super {
    struct tmpfs_options options;
    struct page_quota pages;
    uint64_t inodes;      /* that there are */
    uint64_t xattr_bytes; /* of all of them */
};

static const struct inode_ops directory_ops, file_inode_ops, link_ops, special_ops;
static const struct file_ops directory_file_ops;

static const struct file_ops regular_file_ops = {
    .read = page_cache_read, .write = page_cache_write, .seek = page_cache_seek, .allocate = page_cache_allocate};

static bool is_directory(const struct inode *inode)
{
    return (inode->mode & S_IFMT) == S_IFDIR;
}

static struct tmpfs_super *tmpfs_of(const struct superblock *super)
{
    return super->data;
}

static void release(struct inode *inode)
{
    if ((inode->mode & S_IFMT) == S_IFLNK)
        kfree(inode->data);
    if (inode->object)
        page_cache_destroy(inode);
    __atomic_fetch_sub(&tmpfs_of(inode->super)->inodes, 1, __ATOMIC_RELAXED);
}

/* One inode more, if there may be: its ops will count it down again. */
static struct inode *counted_inode(
    struct superblock *super, uint32_t mode, const struct credentials *credentials, int *error)
{
    struct tmpfs_super *counts = tmpfs_of(super);
    uint64_t limit = __atomic_load_n(&counts->options.inodes, __ATOMIC_RELAXED);
    uint64_t others = __atomic_load_n(&counts->xattr_bytes, __ATOMIC_RELAXED) / INODE_BYTES;
    bool fits = __atomic_add_fetch(&counts->inodes, 1, __ATOMIC_RELAXED) + others <= limit || limit == 0;
    struct inode *inode = fits ? inode_create(super, mode, credentials) : NULL;
    *error = fits ? inode ? 0 : -ENOMEM : -ENOSPC;
    if (inode == NULL)
        __atomic_fetch_sub(&counts->inodes, 1, __ATOMIC_RELAXED);
    return inode;
}

int tmpfs_charge_xattrs(struct superblock *super, int64_t bytes)
{
    struct tmpfs_super *counts = tmpfs_of(super);
    uint64_t limit = __atomic_load_n(&counts->options.inodes, __ATOMIC_RELAXED);
    uint64_t inodes = __atomic_load_n(&counts->inodes, __ATOMIC_RELAXED);
    uint64_t after = __atomic_add_fetch(&counts->xattr_bytes, (uint64_t)bytes, __ATOMIC_RELAXED);
    if (bytes <= 0 || limit == 0 || inodes + align_up(after, INODE_BYTES) / INODE_BYTES <= limit)
        return 0;
    __atomic_fetch_sub(&counts->xattr_bytes, (uint64_t)bytes, __ATOMIC_RELAXED);
    return -ENOSPC;
}

static struct inode *new_inode(
    struct superblock *super, uint32_t mode, const struct credentials *credentials, int *error)
{
    struct inode *inode = counted_inode(super, mode, credentials, error);
    if (inode == NULL)
        return NULL;
    switch (mode & S_IFMT) {
    case S_IFDIR:
        inode->ops = &directory_ops;
        inode->file_ops = &directory_file_ops;
        inode->links = 2;
        inode->size = 2 * ENTRY_SIZE;
        break;
    case S_IFREG: {
        inode->ops = &file_inode_ops;
        inode->file_ops = &regular_file_ops;
        struct page_cache *cache = page_cache_create(inode, NULL);
        if (cache == NULL) {
            inode_put(inode);
            *error = -ENOMEM;
            return NULL;
        }
        cache->quota = &tmpfs_of(super)->pages;
        break;
    }
    case S_IFLNK: inode->ops = &link_ops; break;
    default: inode->ops = &special_ops;
    }
    return inode;
}

static void touch(struct inode *dir)
{
    dir->modified = dir->changed = (fs_time_t)clock_wall();
}

/* Makes DENTRY, which is negative or new, lead to INODE. */
static void enter(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
    dentry_add(dentry, inode);
    dentry_pin(dentry);
    if (is_directory(inode))
        dir->links++;
    dir->size += ENTRY_SIZE;
    touch(dir);
}

static int create(
    struct inode *dir, struct dentry *dentry, uint32_t mode, uint32_t device, const struct credentials *credentials)
{
    int error;
    struct inode *inode = new_inode(dir->super, mode, credentials, &error);
    if (inode == NULL)
        return error;
    inode->device = device;
    inode_inherit(inode, dir, credentials);
    enter(dir, dentry, inode);
    return 0;
}

static int create_unnamed(
    struct inode *dir, struct dentry *dentry, uint32_t mode, const struct credentials *credentials)
{
    int error;
    struct inode *inode = new_inode(dir->super, mode, credentials, &error);
    if (inode == NULL)
        return error;
    inode_inherit(inode, dir, credentials);
    inode->links = 0;
    dentry->inode = inode;
    return 0;
}

static int create_link(
    struct inode *dir, struct dentry *dentry, const char *target, const struct credentials *credentials)
{
    size_t length = strlen(target);
    char *copy = kmalloc(length + 1, 0);
    int error = -ENOMEM;
    struct inode *inode = copy ? new_inode(dir->super, S_IFLNK | 0777, credentials, &error) : NULL;
    if (inode == NULL) {
        kfree(copy);
        return error;
    }
    strlcpy(copy, target, length + 1);
    inode->data = copy;
    inode->size = length;
    inode_inherit(inode, dir, credentials);
    enter(dir, dentry, inode);
    return 0;
}

static int link(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
    inode_get(inode);
    inode->linkable = false;
    __atomic_fetch_add(&inode->links, 1, __ATOMIC_RELAXED); /* other directories may have it, too */
    inode->changed = (fs_time_t)clock_wall();
    enter(dir, dentry, inode);
    return 0;
}

/* INODE has a name less, in DIR. */
static void lose_name(struct inode *dir, struct inode *inode)
{
    if (is_directory(inode)) {
        inode->links = 0;
        dir->links--;
    } else {
        __atomic_fetch_sub(&inode->links, 1, __ATOMIC_RELAXED);
    }
    inode->changed = (fs_time_t)clock_wall();
    dir->size -= ENTRY_SIZE;
    touch(dir);
}

static bool is_full(const struct dentry *dentry)
{
    return is_directory(dentry->inode) && !list_is_empty(&dentry->children);
}

static int unlink(struct inode *dir, struct dentry *dentry)
{
    if (is_full(dentry))
        return -ENOTEMPTY;
    lose_name(dir, dentry->inode);
    dentry_unhash(dentry);
    return 0;
}

static int rename(struct inode *from_dir, struct dentry *from, struct dentry *to_parent, const char *name,
    size_t length, struct dentry *victim)
{
    if (victim && is_full(victim))
        return -ENOTEMPTY;
    int error = dentry_move(from, to_parent, name, length, victim);
    if (error)
        return error;
    if (victim)
        lose_name(to_parent->inode, victim->inode);
    if (is_directory(from->inode)) {
        from_dir->links--;
        to_parent->inode->links++;
    }
    from_dir->size -= ENTRY_SIZE;
    to_parent->inode->size += ENTRY_SIZE;
    from->inode->changed = (fs_time_t)clock_wall();
    touch(from_dir);
    touch(to_parent->inode);
    return 0;
}

static int exchange(struct dentry *one, struct dentry *other)
{
    struct inode *one_dir = one->parent->inode, *other_dir = other->parent->inode;
    dentry_exchange(one, other);
    if (is_directory(one->inode) && !is_directory(other->inode)) {
        one_dir->links--;
        other_dir->links++;
    } else if (!is_directory(one->inode) && is_directory(other->inode)) {
        one_dir->links++;
        other_dir->links--;
    }
    one->inode->changed = other->inode->changed = (fs_time_t)clock_wall();
    touch(one_dir);
    touch(other_dir);
    return 0;
}

static long read_link(struct inode *inode, char *buffer, size_t size)
{
    size_t length = min_u64(inode->size, size);
    memcpy(buffer, inode->data, length);
    return (long)length;
}

static int truncate(struct inode *inode, uint64_t size)
{
    return page_cache_truncate(inode, size);
}

static int read_directory(struct file *file, struct directory_sink *sink, uint64_t *position)
{
    struct dentry *directory = file->path.dentry;
    struct dentry *parent = dentry_parent(directory);
    uint64_t parent_number = parent->inode->number;
    dentry_put(parent);
    if (*position == 0 && !sink->put(sink, ".", 1, file->inode->number, S_IFDIR, 1))
        return 0;
    *position = max_u64(*position, 1);
    if (*position == 1 && !sink->put(sink, "..", 2, parent_number, S_IFDIR, 2))
        return 0;
    *position = max_u64(*position, 2);
    list_for_each(struct dentry, child, &directory->children, sibling)
    {
        if (child->cookie < *position)
            continue;
        uint32_t type = child->inode->mode & S_IFMT;
        if (!sink->put(sink, child->name, child->length, child->inode->number, type, child->cookie + 1))
            break;
        *position = child->cookie + 1;
    }
    return 0;
}

static const struct inode_ops directory_ops = {.create = create,
    .symlink = create_link,
    .link = link,
    .unlink = unlink,
    .rename = rename,
    .exchange = exchange,
    .create_unnamed = create_unnamed,
    .release = release};
static const struct inode_ops file_inode_ops = {.truncate = truncate, .release = release};
static const struct inode_ops link_ops = {.read_link = read_link, .release = release};
static const struct inode_ops special_ops = {.release = release};
static const struct file_ops directory_file_ops = {.read_directory = read_directory};

static int make_root(struct superblock *super)
{
    const struct tmpfs_options *options = &tmpfs_of(super)->options;
    int error;
    struct inode *root = new_inode(super, S_IFDIR | options->mode, &credentials_root, &error);
    if (root == NULL)
        return error;
    root->uid = options->uid;
    root->gid = options->gid;
    super->root = dentry_create_root(super, root);
    if (super->root)
        return 0;
    inode_put(root);
    return -ENOMEM;
}

int tmpfs_mount(struct superblock *super, const char *source, const char *options)
{
    struct tmpfs_super *counts = kmalloc(sizeof *counts, ALLOC_ZERO);
    if (counts == NULL)
        return -ENOMEM;
    super->data = counts;
    tmpfs_options_init(&counts->options);
    int error = tmpfs_options_parse(&counts->options, options);
    counts->pages.limit = counts->options.pages;
    if (!error)
        error = make_root(super);
    if (error)
        kfree(counts);
    return error;
}

/* Limits may change, but not below what there is. */
int tmpfs_remount(struct superblock *super, const char *text)
{
    struct tmpfs_super *counts = tmpfs_of(super);
    struct tmpfs_options options = counts->options;
    if (text == NULL)
        return 0;
    int error = tmpfs_options_parse(&options, text);
    if (error)
        return error;
    if ((options.pages && options.pages < __atomic_load_n(&counts->pages.used, __ATOMIC_RELAXED)) ||
        (options.inodes && options.inodes < __atomic_load_n(&counts->inodes, __ATOMIC_RELAXED)))
        return -EINVAL;
    __atomic_store_n(&counts->options.pages, options.pages, __ATOMIC_RELAXED);
    __atomic_store_n(&counts->options.inodes, options.inodes, __ATOMIC_RELAXED);
    __atomic_store_n(&counts->pages.limit, options.pages, __ATOMIC_RELAXED);
    return 0;
}

static uint64_t rest(uint64_t limit, const uint64_t *used)
{
    uint64_t now = __atomic_load_n(used, __ATOMIC_RELAXED);
    return limit > now ? limit - now : 0;
}

void tmpfs_report(struct superblock *super, struct superblock_report *report)
{
    const struct tmpfs_super *counts = tmpfs_of(super);
    *report = (struct superblock_report){.type = TMPFS_MAGIC,
        .blocks = counts->options.pages,
        .blocks_free = rest(counts->options.pages, &counts->pages.used),
        .inodes = counts->options.inodes,
        .inodes_free = rest(counts->options.inodes, &counts->inodes)};
}

void tmpfs_show_options(struct superblock *super, struct text *text)
{
    tmpfs_options_show(&tmpfs_of(super)->options, text);
}

/* Unpins everything, the deepest first. Nobody else knows the tree any more. */
void tmpfs_unmount(struct superblock *super)
{
    struct dentry *at = super->root;
    for (;;) {
        struct list_node *child = list_first(&at->children);
        if (child) {
            at = container_of(child, struct dentry, sibling);
            continue;
        }
        if (at == super->root)
            break;
        struct dentry *parent = at->parent;
        dentry_unhash(at);
        at = parent;
    }
    dentry_put(super->root);
    kfree(super->data);
}

const struct filesystem tmpfs = {.name = "tmpfs",
    .mount = tmpfs_mount,
    .unmount = tmpfs_unmount,
    .report = tmpfs_report,
    .remount = tmpfs_remount,
    .charge_xattrs = tmpfs_charge_xattrs,
    .show_options = tmpfs_show_options,
    .has_flags = true};
