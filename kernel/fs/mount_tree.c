/*
 * Changing the tree of mounts: see mount.h.
 *
 * A change first makes all that it needs, then enters or takes away everything at once under mount_lock, so that walks
 * see the tree as it was or as it is. Mounts that go are collected in a list, and their references given back later,
 * when no lock is held that forbids sleeping.
 */
#include "fs/mount_internal.h"

#include "lib/errno.h"
#include "mm/slab.h"

#define MOUNTS_MAX 10000

struct mutex mounts_change_lock = MUTEX_INIT(mounts_change_lock, SUBSYSTEM);

/* In the tree of the running program? */
static bool has_place(const struct mount *mount)
{
    return mount->space == mount_space_current();
}

/* The root of a namespace of mounts? */
static bool is_first(const struct mount *mount)
{
    mutex_lock(&mounts_change_lock); /* another's namespace may end */
    bool first = mount->space && mount->space->root == mount;
    mutex_unlock(&mounts_change_lock);
    return first;
}

static bool is_directory(const struct dentry *dentry)
{
    return (dentry->inode->mode & S_IFMT) == S_IFDIR;
}

static bool is_root(const struct path *path)
{
    return path->dentry == path->mount->root;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Entering and taking away
 */

void mounts_enter_locked(struct list *tree, struct mount_space *space)
{
    struct list_node *node;
    while ((node = list_pop_front(tree)) != NULL) {
        struct mount *mount = container_of(node, struct mount, all);
        list_push_back(&space->mounts, &mount->all);
        mount->space = space;
        space->count++;
        if (mount->on.dentry)
            mount->on.dentry->mounts++;
    }
}

/* Where a mount on PATH goes: onto what is mounted there last. With references. */
static struct path top_of(const struct path *path)
{
    struct path top = *path;
    path_get(&top);
    mount_descend(&top);
    return top;
}

static unsigned list_length(const struct list *list)
{
    unsigned length = 0;
    for (struct list_node *node = list->head.next; node != &list->head; node = node->next)
        length++;
    return length;
}

/* Puts TREE, whose first mount is TOP, onto ON. 0: TREE is empty then. */
static int graft(struct list *tree, struct mount *top, const struct path *on)
{
    struct path place = top_of(on);
    struct inode *covered = place.dentry->inode;
    unsigned length = list_length(tree);
    int error = is_directory(top->root) == is_directory(place.dentry) ? 0 : -ENOTDIR;
    if (!has_place(place.mount)) /* it has been taken away, or is that of pipes; or in another namespace */
        error = place.mount->space ? -EINVAL : -ENOENT;
    if (!error && length > MOUNTS_MAX - min_u64(place.mount->space->count, MOUNTS_MAX))
        error = -ENOSPC;
    if (error) {
        path_put(&place);
        return error;
    }
    rwlock_write(&covered->lock); /* whoever removes a directory has it locked */
    bool there = dentry_is_root(place.dentry) || dentry_is_hashed(place.dentry);
    if (there) {
        rwspin_write(&mount_lock);
        top->on = place;
        mounts_enter_locked(tree, place.mount->space);
        rwspin_write_unlock(&mount_lock);
    }
    rwlock_write_unlock(&covered->lock);
    if (!there)
        path_put(&place);
    return there ? 0 : -ENOENT;
}

void mounts_drop(struct list *gone)
{
    struct list_node *node;
    while ((node = list_pop_front(gone)) != NULL) {
        struct mount *mount = container_of(node, struct mount, all);
        rwspin_write(&mount_lock);
        struct path on = mount->on;
        mount->on = (struct path){NULL, NULL};
        rwspin_write_unlock(&mount_lock);
        if (on.mount)
            path_put(&on);
        mount_put(mount);
    }
}

void mount_take_locked(struct mount *mount, struct list *gone)
{
    list_remove(&mount->all);
    mount->space->count--;
    mount->space = NULL;
    if (mount->on.dentry)
        mount->on.dentry->mounts--;
    list_push_back(gone, &mount->all);
}

/* Whatever is mounted in those that go, goes. mount_lock is held. */
static void take_children_locked(struct list *gone, const struct mount_space *space)
{
    for (struct list_node *node = gone->head.next; node != &gone->head; node = node->next) {
        const struct mount *parent = container_of(node, struct mount, all);
        struct list_node *at = space->mounts.head.next;
        while (at != &space->mounts.head) {
            struct mount *mount = container_of(at, struct mount, all);
            at = at->next;
            if (mount->on.mount == parent)
                mount_take_locked(mount, gone);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * New mounts
 */

/* What mount(2)'s flags make of a mount's own. */
static unsigned mount_flags(unsigned flags)
{
    unsigned own = flags & MOUNT_FLAGS;
    if (!(flags & MS_NOATIME))
        own |= MS_RELATIME;
    return flags & MS_STRICTATIME ? own & ~(MS_RELATIME | MS_NOATIME) : own;
}

/* MOUNT, which may be NULL, gets its place or goes. */
static int attach(struct mount *mount, const struct path *on)
{
    struct list tree = LIST_INIT(tree);
    if (mount == NULL)
        return -ENOMEM;
    list_push_back(&tree, &mount->all);
    mutex_lock(&mounts_change_lock);
    int error = 0;
    if (on && on->mount->super == mount->super && is_root(on)) {
        error = -EBUSY; /* it is what is there */
    } else if (on) {
        error = graft(&tree, mount, on);
    } else {
        rwspin_write(&mount_lock);
        mounts_enter_locked(&tree, &mount_space_first);
        mount_space_first.root = mount_first = mount;
        rwspin_write_unlock(&mount_lock);
    }
    mutex_unlock(&mounts_change_lock);
    mounts_drop(&tree);
    return error;
}

int mount_attach(struct superblock *super, const struct path *on, uint32_t flags)
{
    return attach(mount_create(super, super->root, NULL, mount_flags(flags)), on);
}

int mount_new(
    const struct filesystem *type, const char *source, const char *options, const struct path *on, unsigned flags)
{
    int error;
    struct superblock *super = superblock_create(type, source, options, &error);
    if (super == NULL)
        return error;
    if (!type->single)
        super->flags |= flags & SUPERBLOCK_FLAGS;
    return attach(mount_create(super, super->root, source, mount_flags(flags)), on);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Binding
 */

/* Does PATH lie in or below the directory TOP, of the same mount? */
static bool is_below(const struct path *path, const struct mount *mount, const struct dentry *top)
{
    struct dentry *at = path->dentry;
    if (path->mount != mount)
        return false;
    dentry_get(at);
    while (at != top && !dentry_is_root(at)) {
        struct dentry *up = dentry_parent(at);
        dentry_put(at);
        at = up;
    }
    dentry_put(at);
    return at == top;
}

struct mount *mount_copy(const struct mount *mount, struct dentry *root, struct list *tree)
{
    superblock_get(mount->super);
    struct mount *new = mount_create(mount->super, root, mount->source, mount->flags);
    if (new) {
        new->original = mount;
        list_push_back(tree, &new->all);
    }
    return new;
}

/* Copies of what is mounted in NEW's original below the root that NEW shows. mounts_change_lock keeps the list as it
 * is. */
static int copy_children(struct mount *new, struct list *tree)
{
    list_for_each(struct mount, mount, &mount_space_current()->mounts, all)
    {
        if (!is_below(&mount->on, new->original, new->root))
            continue;
        struct mount *child = mount_copy(mount, mount->root, tree);
        if (child == NULL)
            return -ENOMEM;
        child->on = (struct path){new, mount->on.dentry};
        path_get(&child->on);
    }
    return 0;
}

/*
 * The file of a namespace has no place, and may be given one; but one of mounts only where those are older than it, so
 * that none keeps itself, by whatever ways.
 */
static bool can_be_bound(const struct path *from)
{
    struct namespace *namespace = namespace_of(from->dentry->inode);
    const struct mount_space *space = mount_space_current();
    if (namespace == NULL)
        return has_place(from->mount);
    return mount_space_of(namespace) == NULL || namespace->number > space->namespace.number;
}

static int bind_locked(const struct path *from, const struct path *on, bool recursive, struct list *tree)
{
    if (!can_be_bound(from))
        return -EINVAL;
    struct mount *top = mount_copy(from->mount, from->dentry, tree);
    int error = top ? 0 : -ENOMEM;
    /* The list grows while it is gone through: copies of copies' originals' children. */
    for (struct list_node *node = tree->head.next; recursive && !error && node != &tree->head; node = node->next)
        error = copy_children(container_of(node, struct mount, all), tree);
    return error ? error : graft(tree, top, on);
}

int mount_bind(const struct path *from, const struct path *on, bool recursive)
{
    struct list tree = LIST_INIT(tree);
    mutex_lock(&mounts_change_lock);
    int error = bind_locked(from, on, recursive, &tree);
    mutex_unlock(&mounts_change_lock);
    mounts_drop(&tree);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Moving
 */

/* Is MOUNT, or what it is mounted in, and so on, mounted in TOP? */
static bool lies_in(const struct mount *mount, const struct mount *top)
{
    while (mount && mount != top)
        mount = mount->on.mount;
    return mount == top;
}

/* MOUNT goes to PLACE, whose references it takes over; those of its old place are the caller's. mount_lock is held. */
static struct path replace_locked(struct mount *mount, struct path place)
{
    struct path before = mount->on;
    before.dentry->mounts--;
    place.dentry->mounts++;
    mount->on = place;
    list_remove(&mount->all);
    list_push_back(&mount->space->mounts, &mount->all); /* it is the last one there */
    return before;
}

static int move_locked(const struct path *from, const struct path *to)
{
    struct mount *mount = from->mount;
    if (!is_root(from) || !has_place(mount) || mount->on.mount == NULL)
        return -EINVAL;
    struct path place = top_of(to);
    int error = is_directory(place.dentry) != is_directory(from->dentry) ? -EINVAL
                : !has_place(place.mount)                                ? -EINVAL
                : lies_in(place.mount, mount)                            ? -ELOOP
                                                                         : 0;
    if (error) {
        path_put(&place);
        return error;
    }
    struct inode *covered = place.dentry->inode;
    rwlock_write(&covered->lock);
    bool there = dentry_is_root(place.dentry) || dentry_is_hashed(place.dentry);
    if (there) {
        rwspin_write(&mount_lock);
        place = replace_locked(mount, place);
        rwspin_write_unlock(&mount_lock);
    }
    rwlock_write_unlock(&covered->lock);
    path_put(&place);
    return there ? 0 : -ENOENT;
}

int mount_move(const struct path *from, const struct path *to)
{
    mutex_lock(&mounts_change_lock);
    int error = move_locked(from, to);
    mutex_unlock(&mounts_change_lock);
    return error;
}

/* Can PATH be reached from ROOT by going down? */
static bool is_reachable(const struct path *path, const struct path *root)
{
    struct path at = *path;
    while (at.mount != root->mount && at.mount->on.mount)
        at = at.mount->on;
    return is_below(&at, root->mount, root->dentry);
}

static int check_pivot(const struct path *root, const struct path *new_root, const struct path *old)
{
    if (!has_place(root->mount) || !has_place(new_root->mount))
        return -EINVAL;
    if (!dentry_is_root(new_root->dentry) && !dentry_is_hashed(new_root->dentry))
        return -ENOENT;
    if (new_root->mount == root->mount || old->mount == root->mount)
        return -EBUSY;
    if (!is_root(root) || !is_root(new_root) || root->mount->on.mount == NULL || new_root->mount->on.mount == NULL)
        return -EINVAL;
    return is_reachable(old, new_root) && is_reachable(new_root, root) ? 0 : -EINVAL;
}

int mount_pivot(const struct path *root, const struct path *new_root, const struct path *put_old)
{
    mutex_lock(&mounts_change_lock);
    struct path old = top_of(put_old), left = old;
    int error = check_pivot(root, new_root, &old);
    if (!error) {
        rwspin_write(&mount_lock);
        struct path place = replace_locked(root->mount, old);
        left = replace_locked(new_root->mount, place);
        rwspin_write_unlock(&mount_lock);
    }
    mutex_unlock(&mounts_change_lock);
    path_put(&left);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Other flags
 */

/* Who has opened a file for writing there keeps it from becoming read-only. */
static bool has_writers(const struct mount *mount)
{
    return __atomic_load_n(&mount->writers, __ATOMIC_SEQ_CST) > 0;
}

/* Sets *flags, unless that makes read-only what somebody writes to: who opens a file now looks at the flags after he
 * has said that he is there. */
static int set_flags(uint32_t *flags, uint32_t new, const struct mount *mount, const struct superblock *super)
{
    uint32_t before = __atomic_exchange_n(flags, new, __ATOMIC_SEQ_CST);
    if (new & ~before & MS_RDONLY && (super ? mounts_have_writers(super) : has_writers(mount))) {
        __atomic_store_n(flags, before, __ATOMIC_SEQ_CST);
        return -EBUSY;
    }
    return 0;
}

#define ATIME_FLAGS (MS_NOATIME | MS_NODIRATIME | MS_RELATIME)

static int change_locked(const struct path *path, unsigned flags, const char *options, bool bind_only)
{
    struct mount *mount = path->mount;
    struct superblock *super = mount->super;
    uint32_t own = mount_flags(flags);
    if (!is_root(path) || !has_place(mount))
        return -EINVAL;
    if (!(flags & (ATIME_FLAGS | MS_STRICTATIME))) /* they stay as they are */
        own = (own & ~ATIME_FLAGS) | (mount->flags & ATIME_FLAGS);
    int error = 0;
    if (!bind_only) {
        error = super->type->remount ? super->type->remount(super, options) : 0;
        if (!error)
            error = set_flags(&super->flags, flags & SUPERBLOCK_FLAGS, NULL, super);
    }
    return error ? error : set_flags(&mount->flags, own, mount, NULL);
}

int mount_change(const struct path *path, unsigned flags, const char *options, bool bind_only)
{
    mutex_lock(&mounts_change_lock);
    int error = change_locked(path, flags, options, bind_only);
    mutex_unlock(&mounts_change_lock);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Taking away
 */

/* Is there nobody but the caller's path, and nothing mounted in it? mount_lock is held. */
static bool is_idle_locked(const struct mount *mount)
{
    if (__atomic_load_n(&mount->references, __ATOMIC_RELAXED) > 2) /* the place's, and the caller's */
        return false;
    list_for_each(struct mount, other, &mount->space->mounts, all)
    {
        if (other->on.mount == mount)
            return false;
    }
    return true;
}

/* The first time it is only noted; when nobody has come by until the next time, it goes. */
static bool has_expired(struct mount *mount)
{
    bool expired = mount->expiry == mount->visits;
    mount->expiry = mount->visits + 1; /* the next call's own */
    return expired;
}

static int remove_locked(const struct path *path, unsigned flags, struct list *gone)
{
    struct mount *mount = path->mount;
    if (!is_root(path) || !has_place(mount) || mount->on.mount == NULL)
        return -EINVAL;
    int error = 0;
    rwspin_write(&mount_lock);
    if (!(flags & MNT_DETACH) && !is_idle_locked(mount))
        error = -EBUSY;
    else if (flags & MNT_EXPIRE && !has_expired(mount))
        error = -EAGAIN;
    if (!error) {
        const struct mount_space *space = mount->space;
        mount_take_locked(mount, gone);
        take_children_locked(gone, space);
    }
    rwspin_write_unlock(&mount_lock);
    return error;
}

int mount_remove(const struct path *path, unsigned flags)
{
    struct list gone = LIST_INIT(gone);
    if (flags & MNT_EXPIRE && flags & (MNT_FORCE | MNT_DETACH))
        return -EINVAL;
    if (is_first(path->mount) && is_root(path) && !(flags & (MNT_DETACH | MNT_EXPIRE)))
        return mount_change(
            path, path->mount->super->flags | MS_RDONLY, NULL, false); /* the last thing before the end */
    mutex_lock(&mounts_change_lock);
    int error = remove_locked(path, flags, &gone);
    mutex_unlock(&mounts_change_lock);
    mounts_drop(&gone);
    return error;
}

int mount_detach(const struct path *path)
{
    return is_first(path->mount) ? -EINVAL : mount_remove(path, 0);
}
