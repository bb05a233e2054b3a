/*
 * Superblocks, and mounts as walks and listings see them: see mount.h. What changes the tree of mounts is in
 * mount_tree.c.
 */
#include "fs/mount_internal.h"

#include "fs/text.h"
#include "fs/watch.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

struct mount *mount_first;

static const struct filesystem anonymous = {.name = "anon_inodefs"};
static struct superblock anonymous_super = {.type = &anonymous, .references = 1};
struct mount mount_anonymous = {.super = &anonymous_super, .references = 1, .flags = MS_NOATIME};

struct rwspinlock mount_lock = {.rank = LOCK_RANK_MOUNTS, .writers = SPINLOCK_INIT(MOUNTS)};
static uint64_t next_device = MOUNT_DEVICE_FIRST, next_number = 1;

/* ------------------------------------------------------------------------------------------------------------------
 * Superblocks
 */

#define SINGLES_MAX 8

/* Those that there is one of. */
static struct mutex singles_lock = MUTEX_INIT(singles_lock, SUBSYSTEM);
static struct superblock *singles[SINGLES_MAX];

static struct superblock *create(const struct filesystem *type, const char *source, const char *options, int *error)
{
    struct superblock *super = kmalloc(sizeof *super, ALLOC_ZERO);
    *error = -ENOMEM;
    if (super == NULL)
        return NULL;
    super->type = type;
    super->references = 1;
    super->device = __atomic_fetch_add(&next_device, 1, __ATOMIC_RELAXED);
    *error = type->mount(super, source, options);
    if (*error) {
        kfree(super);
        return NULL;
    }
    return super;
}

static struct superblock *find_single(
    const struct filesystem *type, const char *source, const char *options, int *error)
{
    unsigned i = 0;
    while (i < SINGLES_MAX && singles[i] && singles[i]->type != type)
        i++;
    *error = i < SINGLES_MAX ? 0 : -ENOSPC;
    if (*error == 0 && singles[i] == NULL)
        singles[i] = create(type, source, options, error);
    else if (*error == 0 && type->remount)
        *error = type->remount(singles[i], options); /* the last mount's options hold for all */
    if (*error)
        return NULL;
    superblock_get(singles[i]);
    return singles[i];
}

struct superblock *superblock_create(const struct filesystem *type, const char *source, const char *options, int *error)
{
    if (!type->single)
        return create(type, source, options, error);
    mutex_lock(&singles_lock);
    struct superblock *super = find_single(type, source, options, error);
    mutex_unlock(&singles_lock);
    return super;
}

void superblock_get(struct superblock *super)
{
    __atomic_fetch_add(&super->references, 1, __ATOMIC_RELAXED);
}

void superblock_put(struct superblock *super)
{
    if (__atomic_sub_fetch(&super->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    watch_unmount(super);
    super->type->unmount(super);
    kfree(super);
}

/* ------------------------------------------------------------------------------------------------------------------
 * References
 */

struct mount *mount_create(struct superblock *super, struct dentry *root, const char *source, unsigned flags)
{
    struct mount *mount = kmalloc(sizeof *mount, ALLOC_ZERO);
    size_t length = source ? strlen(source) + 1 : 0;
    char *copy = source && mount ? kmalloc(length, 0) : NULL;
    if (mount == NULL || (source && copy == NULL)) {
        kfree(mount);
        superblock_put(super);
        return NULL;
    }
    if (copy)
        memcpy(copy, source, length);
    dentry_get(root);
    *mount = (struct mount){.super = super, .root = root, .references = 1, .flags = flags, .source = copy};
    mount->number = __atomic_fetch_add(&next_number, 1, __ATOMIC_RELAXED);
    list_node_init(&mount->all);
    return mount;
}

void mount_get(struct mount *mount)
{
    __atomic_fetch_add(&mount->references, 1, __ATOMIC_RELAXED);
}

void mount_put(struct mount *mount)
{
    if (__atomic_sub_fetch(&mount->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    struct path on = mount->on;
    dentry_put(mount->root);
    superblock_put(mount->super);
    kfree(mount->source);
    kfree(mount);
    if (on.mount)
        path_put(&on);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Ways through the tree
 */

/* The last mount on PATH, with a reference; NULL: none. */
static struct mount *find_on(const struct path *path)
{
    struct mount *found = NULL;
    bool interrupts = rwspin_read(&mount_lock);
    const struct mount_space *space = path->mount->space;
    if (space == NULL) /* it has been taken away, with what was mounted there */
        goto out;
    list_for_each(struct mount, mount, &space->mounts, all)
    {
        if (mount->on.dentry == path->dentry && mount->on.mount == path->mount)
            found = mount;
    }
    if (found)
        mount_get(found);
out:
    rwspin_read_unlock(&mount_lock, interrupts);
    return found;
}

void mount_descend(struct path *path)
{
    struct mount *mount;
    while (path->dentry->mounts && (mount = find_on(path)) != NULL) {
        struct path root = {.mount = mount, .dentry = mount->root};
        dentry_get(root.dentry);
        path_put(path);
        *path = root;
        mount->visits++;
    }
}

bool mount_parent(const struct mount *mount, struct path *on)
{
    bool interrupts = rwspin_read(&mount_lock);
    bool there = mount->on.mount != NULL;
    if (there) {
        *on = mount->on;
        path_get(on);
    }
    rwspin_read_unlock(&mount_lock, interrupts);
    return there;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Listings
 */

struct mount *mount_next(struct mount_space *space, uint64_t number)
{
    struct mount *found = NULL;
    bool interrupts = rwspin_read(&mount_lock);
    list_for_each(struct mount, mount, &space->mounts, all)
    {
        if (mount->number > number && (found == NULL || mount->number < found->number))
            found = mount;
    }
    if (found)
        mount_get(found);
    rwspin_read_unlock(&mount_lock, interrupts);
    return found;
}

struct flag_name {
    unsigned flag;
    const char *name;
};

static void show(struct text *text, unsigned flags, const struct flag_name *names)
{
    text_puts(text, flags & MS_RDONLY ? "ro" : "rw");
    for (; names->flag; names++)
        if (flags & names->flag)
            text_puts(text, names->name);
}

void mount_show_flags(const struct mount *mount, struct text *text)
{
    static const struct flag_name names[] = {{MS_NOSUID, ",nosuid"}, {MS_NODEV, ",nodev"}, {MS_NOEXEC, ",noexec"},
        {MS_NOATIME, ",noatime"}, {MS_NODIRATIME, ",nodiratime"}, {MS_RELATIME, ",relatime"},
        {MS_NOSYMFOLLOW, ",nosymfollow"}, {}};
    show(text, mount->flags, names);
}

void superblock_show_options(struct superblock *super, struct text *text)
{
    static const struct flag_name names[] = {
        {MS_SYNCHRONOUS, ",sync"}, {MS_DIRSYNC, ",dirsync"}, {MS_MANDLOCK, ",mand"}, {MS_LAZYTIME, ",lazytime"}, {}};
    show(text, super->flags, names);
    if (super->type->show_options)
        super->type->show_options(super, text);
}
