/*
 * Namespaces of mounts: see mount.h. A copy is made mount by mount, in any order, and then each gets its place in the
 * copy of the mount that its original is mounted in: for the time being an original knows its copy.
 *
 * The files of namespaces of mounts that are mounted are left out, with what is mounted on them: a namespace would keep
 * one that may keep it.
 */
#include "fs/mount_internal.h"

#include "lib/errno.h"
#include "mm/slab.h"

static void end(struct namespace *namespace);
static const struct namespace_kind kind = {.name = "mnt", .flag = 0x20000, .end = end};

struct mount_space mount_space_first = {
    .namespace = {.kind = &kind, .number = 4026531841, .references = 1},
    .mounts = LIST_INIT(mount_space_first.mounts),
};
static struct list spaces = LIST_INIT(spaces); /* all but the first; mounts_change_lock */

static struct mount_space *(*current_space)(void);

void mount_space_set_source(struct mount_space *(*current)(void))
{
    current_space = current;
}

struct mount_space *mount_space_current(void)
{
    return current_space ? current_space() : &mount_space_first;
}

struct mount_space *mount_space_of(struct namespace *namespace)
{
    return namespace->kind == &kind ? container_of(namespace, struct mount_space, namespace) : NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Copying. mounts_change_lock is held.
 */

static bool is_left_out(const struct mount *mount)
{
    struct namespace *namespace = namespace_of(mount->root->inode);
    return namespace && mount_space_of(namespace);
}

static int copy_mounts(const struct mount_space *from, struct list *tree)
{
    list_for_each(struct mount, mount, &from->mounts, all)
    {
        if (is_left_out(mount))
            continue;
        mount->copy = mount_copy(mount, mount->root, tree);
        if (mount->copy == NULL)
            return -ENOMEM;
    }
    return 0;
}

/* Copies whose originals are mounted in what was left out go, and what is mounted in those. */
static void drop_orphans(struct mount_space *from, struct list *dropped)
{
    bool more;
    do {
        more = false;
        list_for_each(struct mount, mount, &from->mounts, all)
        {
            if (mount->copy == NULL || mount->on.mount == NULL || mount->on.mount->copy)
                continue;
            list_remove(&mount->copy->all);
            list_push_back(dropped, &mount->copy->all);
            mount->copy = NULL;
            more = true;
        }
    } while (more);
}

static void place_copies(const struct list *tree)
{
    list_for_each(struct mount, mount, tree, all)
    {
        const struct path *on = &mount->original->on;
        if (on->mount == NULL)
            continue;
        mount->on = (struct path){on->mount->copy, on->dentry};
        path_get(&mount->on);
    }
}

/* The same place in the copy; the reference to the mount that it was in goes to *before. */
static struct mount *translate(struct path *path)
{
    struct mount *before = path->mount;
    if (before->copy == NULL)
        return NULL;
    mount_get(before->copy);
    path->mount = before->copy;
    return before;
}

/* What originals know of copies is forgotten. */
static void forget(const struct mount_space *from)
{
    list_for_each(struct mount, mount, &from->mounts, all)
    {
        mount->copy = NULL;
    }
}

static int copy_locked(struct mount_space *space, struct mount_space *from, struct path *paths, struct mount **before,
    unsigned count, struct list *dropped)
{
    struct list tree = LIST_INIT(tree);
    int error = copy_mounts(from, &tree);
    if (error) {
        list_splice_back(dropped, &tree);
    } else {
        drop_orphans(from, dropped);
        place_copies(&tree);
        space->root = from->root->copy;
        for (unsigned i = 0; i < count; i++)
            before[i] = paths[i].mount->space == from ? translate(&paths[i]) : NULL;
        rwspin_write(&mount_lock);
        mounts_enter_locked(&tree, space);
        rwspin_write_unlock(&mount_lock);
        list_push_back(&spaces, &space->link);
    }
    forget(from);
    return error;
}

struct mount_space *mount_space_copy(struct mount_space *from, struct path *paths, unsigned count)
{
    struct list dropped = LIST_INIT(dropped);
    struct mount *before[2] = {NULL, NULL};
    struct mount_space *space = kmalloc(sizeof *space, ALLOC_ZERO);
    if (space == NULL || count > ARRAY_LENGTH(before))
        return NULL;
    namespace_init(&space->namespace, &kind);
    list_init(&space->mounts);
    list_node_init(&space->link);
    mutex_lock(&mounts_change_lock);
    int error = copy_locked(space, from, paths, before, count, &dropped);
    mutex_unlock(&mounts_change_lock);
    mounts_drop(&dropped);
    for (unsigned i = 0; i < count; i++)
        if (before[i])
            mount_put(before[i]);
    if (error) {
        kfree(space);
        return NULL;
    }
    return space;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The end, and what others ask
 */

/* Whoever ends namespaces: the first one may keep the next by a mount of its file, and so on, as many as there are. */
struct ending {
    struct list_node link;
    const struct thread *thread;
    struct list spaces; /* that are still to be ended */
};
static struct list endings = LIST_INIT(endings); /* mounts_change_lock */

/* Its mounts are taken away, though somebody's working directory may still lie there. */
static void end_one(struct mount_space *space)
{
    struct list gone = LIST_INIT(gone);
    struct list_node *node;
    mutex_lock(&mounts_change_lock);
    rwspin_write(&mount_lock);
    while ((node = list_first(&space->mounts)) != NULL)
        mount_take_locked(container_of(node, struct mount, all), &gone);
    rwspin_write_unlock(&mount_lock);
    mutex_unlock(&mounts_change_lock);
    mounts_drop(&gone);
    kfree(space);
}

/* Is the current thread at it already? Then SPACE waits for its turn. */
static bool put_off_locked(struct mount_space *space)
{
    list_for_each(struct ending, ending, &endings, link)
    {
        if (ending->thread == thread_current()) {
            list_push_back(&ending->spaces, &space->link);
            return true;
        }
    }
    return false;
}

/* Nobody is in it any more. */
static void end(struct namespace *namespace)
{
    struct mount_space *space = container_of(namespace, struct mount_space, namespace);
    struct ending ending = {.thread = thread_current(), .spaces = LIST_INIT(ending.spaces)};
    struct list_node *node = &space->link;
    mutex_lock(&mounts_change_lock);
    list_remove(&space->link);
    bool later = put_off_locked(space);
    if (!later)
        list_push_back(&endings, &ending.link);
    mutex_unlock(&mounts_change_lock);
    while (!later && node) {
        end_one(container_of(node, struct mount_space, link));
        mutex_lock(&mounts_change_lock);
        node = list_pop_front(&ending.spaces);
        if (node == NULL)
            list_remove(&ending.link);
        mutex_unlock(&mounts_change_lock);
    }
}

int mount_space_root(struct mount_space *space, struct path *root)
{
    mutex_lock(&mounts_change_lock); /* the first mount stays as long as the namespace does */
    *root = (struct path){space->root, space->root->root};
    path_get(root);
    mutex_unlock(&mounts_change_lock);
    mount_descend(root);
    return 0;
}

static bool has_writers(const struct mount_space *space, const struct superblock *super)
{
    list_for_each(struct mount, mount, &space->mounts, all)
    {
        if (mount->super == super && __atomic_load_n(&mount->writers, __ATOMIC_SEQ_CST) > 0)
            return true;
    }
    return false;
}

bool mounts_have_writers(const struct superblock *super)
{
    list_for_each(struct mount_space, space, &spaces, link)
    {
        if (has_writers(space, super))
            return true;
    }
    return has_writers(&mount_space_first, super);
}
