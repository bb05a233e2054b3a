/*
 * Mounts and superblocks: see mount.h.
 */
#include "fs/mount.h"

#include "fs/dentry.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

struct mount *mount_first;

static const struct filesystem anonymous = {.name = "anon_inodefs"};
static struct superblock anonymous_super = {.type = &anonymous, .references = 1};
static uint64_t next_number = 1;
struct mount mount_anonymous = {.super = &anonymous_super, .references = 1};

static struct rwspinlock mount_lock = {.rank = LOCK_RANK_MOUNTS, .writers = SPINLOCK_INIT(MOUNTS)};
static struct list mounts = LIST_INIT(mounts);
static uint64_t next_device = 1;

struct superblock *superblock_create(const struct filesystem *type, const char *source, const char *options, int *error)
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

void superblock_put(struct superblock *super)
{
    if (__atomic_sub_fetch(&super->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    super->type->unmount(super);
    kfree(super);
}

/* Makes the mount seen. */
static void enter(struct mount *mount)
{
    rwspin_write(&mount_lock);
    list_push_back(&mounts, &mount->all);
    if (mount->on.dentry)
        mount->on.dentry->mounts++;
    else
        mount_first = mount;
    rwspin_write_unlock(&mount_lock);
}

int mount_attach(struct superblock *super, const struct path *on, uint32_t flags)
{
    struct mount *mount = kmalloc(sizeof *mount, ALLOC_ZERO);
    if (mount == NULL) {
        superblock_put(super);
        return -ENOMEM;
    }
    *mount = (struct mount){.super = super, .root = super->root, .references = 1, .flags = flags};
    mount->number = __atomic_fetch_add(&next_number, 1, __ATOMIC_RELAXED);
    if (on) {
        mount->on = *on;
        path_get(on);
    }
    struct inode *covered = on ? on->dentry->inode : NULL;
    if (covered)
        rwlock_write(&covered->lock); /* whoever removes a directory has it locked */
    bool there = covered == NULL || covered->links > 0;
    if (there)
        enter(mount);
    if (covered)
        rwlock_write_unlock(&covered->lock);
    if (!there)
        mount_put(mount);
    return there ? 0 : -ENOENT;
}

int mount_detach(const struct path *path)
{
    struct mount *mount = path->mount;
    if (path->dentry != mount->super->root || mount == mount_first)
        return -EINVAL;
    rwspin_write(&mount_lock);
    bool idle = mount->references == 2 && mount->super->root->mounts == 0; /* its own, and PATH's */
    if (idle) {
        list_remove(&mount->all);
        mount->on.dentry->mounts--;
    }
    rwspin_write_unlock(&mount_lock);
    if (!idle)
        return -EBUSY;
    mount_put(mount);
    return 0;
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
    superblock_put(mount->super);
    kfree(mount);
    if (on.mount)
        path_put(&on);
}

/* The last mount on PATH, with a reference; NULL: none. */
static struct mount *find_on(const struct path *path)
{
    struct mount *found = NULL;
    bool interrupts = rwspin_read(&mount_lock);
    list_for_each(struct mount, mount, &mounts,
        all) if (mount->on.dentry == path->dentry && mount->on.mount == path->mount) found = mount;
    if (found)
        mount_get(found);
    rwspin_read_unlock(&mount_lock, interrupts);
    return found;
}

void mount_descend(struct path *path)
{
    struct mount *mount;
    while ((mount = find_on(path)) != NULL) {
        struct path root = {.mount = mount, .dentry = mount->super->root};
        dentry_get(root.dentry);
        path_put(path);
        *path = root;
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
