/*
 * From names to what they mean: see "Names" in fs.h.
 *
 * A walk holds one reference, to where it is; each step takes one to the next place and gives the last one back. A
 * symbolic link is walked by a walk of its own, from where the link lies, which leaves its result as where we are.
 *
 * Source: path_resolution(7); POSIX.1-2017, 4.13.
 */
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

struct position {
    const struct walk *walk;
    struct path at;
    unsigned links; /* followed so far */
};

void path_get(const struct path *path)
{
    mount_get(path->mount);
    dentry_get(path->dentry);
}

void path_put(const struct path *path)
{
    dentry_put(path->dentry);
    mount_put(path->mount);
}

static bool path_equal(const struct path *left, const struct path *right)
{
    return left->dentry == right->dentry && left->mount == right->mount;
}

static bool is_directory(const struct dentry *dentry)
{
    return dentry->inode && (dentry->inode->mode & S_IFMT) == S_IFDIR;
}

static bool is_link(const struct dentry *dentry)
{
    return dentry->inode && (dentry->inode->mode & S_IFMT) == S_IFLNK;
}

/* Replaces where we are; takes NEXT's references over. */
static void go(struct position *position, struct path next)
{
    path_put(&position->at);
    position->at = next;
}

static void go_to_root(struct position *position)
{
    path_get(&position->walk->root);
    go(position, position->walk->root);
}

static void go_up(struct position *position)
{
    while (!path_equal(&position->at, &position->walk->root)) {
        if (!dentry_is_root(position->at.dentry)) {
            struct path parent = {position->at.mount, dentry_parent(position->at.dentry)};
            mount_get(parent.mount);
            go(position, parent);
            return;
        }
        struct path below;
        if (!mount_parent(position->at.mount, &below))
            return; /* the root of everything, above the walk's own root */
        go(position, below);
    }
}

/* The cache's entry, with a reference; *stale: it must give way to a new one. */
static struct dentry *find_cached(struct dentry *directory, const char *name, size_t length, bool *stale)
{
    const struct inode_ops *ops = directory->inode->ops;
    struct dentry *dentry = dentry_find(directory, name, length);
    *stale = dentry && ops->is_current && !ops->is_current(directory->inode, dentry);
    return dentry;
}

int path_lookup_locked(const struct path *directory, const char *name, size_t length, struct dentry **found)
{
    struct inode *dir = directory->dentry->inode, *inode = NULL;
    bool stale;
    struct dentry *dentry = find_cached(directory->dentry, name, length, &stale);
    if (stale) {
        dentry_unhash(dentry);
        dentry_put(dentry);
    } else if (dentry) {
        *found = dentry;
        return 0;
    }
    if (dir->ops->lookup == NULL)
        return -ENOENT; /* the cache has all there is */
    dentry = dentry_create(directory->dentry, name, length);
    int error = dentry ? dir->ops->lookup(dir, name, length, &inode) : -ENOMEM;
    if (error == 0 || (error == -ENOENT && !dir->ops->is_current)) {
        dentry_add(dentry, inode);
        *found = dentry;
        return 0;
    }
    dentry_put(dentry);
    return error;
}

int path_lookup(const struct path *directory, const char *name, size_t length, struct dentry **found)
{
    struct inode *dir = directory->dentry->inode;
    bool stale;
    if (length > NAME_LENGTH_MAX)
        return -ENAMETOOLONG;
    *found = find_cached(directory->dentry, name, length, &stale);
    if (*found && !stale)
        return 0;
    dentry_put(*found);
    if (dir->ops->lookup == NULL)
        return -ENOENT;
    rwlock_write(&dir->lock);
    int error = path_lookup_locked(directory, name, length, found);
    rwlock_write_unlock(&dir->lock);
    return error;
}

static int walk_name(struct position *position, const char *name, const char *end, bool follow_last);

/* Follows the symbolic link that we are at, whose directory is DIRECTORY. */
static int follow(struct position *position, const struct path *directory)
{
    struct inode *inode = position->at.dentry->inode;
    if (++position->links > LINK_DEPTH_MAX)
        return -ELOOP;
    if (inode->ops->follow_link) {
        struct path target;
        int error = inode->ops->follow_link(inode, &target);
        if (error <= 0) {
            if (error == 0)
                go(position, target);
            return error;
        }
    }
    char *target = kmalloc(PATH_LENGTH_MAX, 0);
    if (target == NULL)
        return -ENOMEM;
    long length = inode->ops->read_link(inode, target, PATH_LENGTH_MAX);
    int error = length < 0 ? (int)length : length == 0 ? -ENOENT : 0;
    if (!error) {
        path_get(directory);
        go(position, *directory);
        error = walk_name(position, target, target + length, true);
    }
    kfree(target);
    return error;
}

/* One component down. */
static int step(struct position *position, const char *name, size_t length, bool follow_links)
{
    if (length == 1 && name[0] == '.')
        return 0;
    if (length == 2 && name[0] == '.' && name[1] == '.') {
        go_up(position);
        return 0;
    }
    struct path directory = position->at, next = {.mount = directory.mount};
    int error = path_lookup(&directory, name, length, &next.dentry);
    if (error)
        return error;
    mount_get(next.mount);
    if (next.dentry->inode == NULL) {
        path_put(&next);
        return -ENOENT;
    }
    if (next.dentry->mounts)
        mount_descend(&next);
    position->at = next; /* `directory` keeps its references for a link */
    error = follow_links && is_link(next.dentry) ? follow(position, &directory) : 0;
    path_put(&directory);
    return error;
}

/* May the caller look names up here? */
static int check_search(const struct position *position)
{
    if (!is_directory(position->at.dentry))
        return -ENOTDIR;
    return inode_permission(position->at.dentry->inode, INODE_EXECUTE, position->walk->credentials);
}

static const char *skip_slashes(const char *name, const char *end)
{
    while (name < end && *name == '/')
        name++;
    return name;
}

static const char *skip_component(const char *name, const char *end)
{
    while (name < end && *name != '/')
        name++;
    return name;
}

/* All of [name, end) from where we are. A slash at the end asks for a directory. */
static int walk_name(struct position *position, const char *name, const char *end, bool follow_last)
{
    if (name < end && *name == '/')
        go_to_root(position);
    name = skip_slashes(name, end);
    while (name < end) {
        const char *stop = skip_component(name, end), *rest = skip_slashes(stop, end);
        bool slash = stop < end;
        int error = check_search(position);
        if (!error)
            error = step(position, name, (size_t)(stop - name), rest < end || follow_last || slash);
        if (!error && slash && !is_directory(position->at.dentry))
            error = -ENOTDIR;
        if (error)
            return error;
        name = rest;
    }
    return 0;
}

static void begin(struct position *position, const struct walk *walk)
{
    *position = (struct position){.walk = walk, .at = walk->start};
    path_get(&position->at);
}

/* Hands the result over, or gives it back. */
static int end(struct position *position, int error, struct path *path)
{
    if (error)
        path_put(&position->at);
    else
        *path = position->at;
    return error;
}

int path_walk(const struct walk *walk, const char *name, struct path *path)
{
    struct position position;
    if (*name == '\0' && !(walk->flags & WALK_EMPTY))
        return -ENOENT;
    begin(&position, walk);
    int error = walk_name(&position, name, name + strlen(name), !(walk->flags & WALK_NO_FOLLOW));
    if (!error && walk->flags & WALK_DIRECTORY && !is_directory(position.at.dentry))
        error = -ENOTDIR;
    return end(&position, error, path);
}

/* Where the last component of [name, end) begins; END when there is none. */
static const char *last_component(const char *name, const char *end)
{
    const char *last = skip_slashes(name, end);
    for (const char *next = last; next < end; next = skip_slashes(skip_component(next, end), end))
        last = next;
    return last;
}

int path_walk_parent(
    const struct walk *walk, const char *name, struct path *parent, const char **last, size_t *length, bool *trailing)
{
    const char *name_end = name + strlen(name);
    if (name == name_end)
        return -ENOENT;
    *last = last_component(name, name_end);
    *length = (size_t)(skip_component(*last, name_end) - *last);
    *trailing = *last + *length < name_end;
    if (*length > NAME_LENGTH_MAX)
        return -ENAMETOOLONG;

    struct position position;
    begin(&position, walk);
    int error = walk_name(&position, name, *last, true);
    if (!error)
        error = check_search(&position);
    return end(&position, error, parent);
}

/* Puts NAME before what is in the buffer at *start; false when there is no room. */
static bool prepend(char *buffer, char **start, const char *name, size_t length)
{
    if ((size_t)(*start - buffer) < length)
        return false;
    *start -= length;
    memcpy(*start, name, length);
    return true;
}

/* One step up from *at, with its name before what is in the buffer. False: no room, or no step further. */
static bool prepend_step(struct path *at, char *buffer, char **start)
{
    char name[NAME_LENGTH_MAX];
    size_t length;
    struct path up = {.mount = at->mount};
    if (dentry_is_root(at->dentry)) {
        if (!mount_parent(at->mount, &up))
            return false;
        path_put(at);
        *at = up;
        return true;
    }
    up.dentry = dentry_parent_and_name(at->dentry, name, &length);
    dentry_put(at->dentry);
    at->dentry = up.dentry;
    return prepend(buffer, start, name, length) && prepend(buffer, start, "/", 1);
}

char *path_name(const struct path *path, const struct path *root, char *buffer, size_t size, int *error)
{
    struct path at = *path;
    char *start = buffer + size - 1;
    *start = '\0';
    if (path->mount == &mount_anonymous) {
        *error = prepend(buffer, &start, path->dentry->name, path->dentry->length) ? 0 : -ENAMETOOLONG;
        return *error ? NULL : start;
    }
    path_get(&at);
    bool gone = !dentry_is_root(path->dentry) && !dentry_is_hashed(path->dentry);
    bool fits = !gone || prepend(buffer, &start, " (deleted)", 10);
    while (fits && !path_equal(&at, root) && !(dentry_is_root(at.dentry) && at.mount == mount_first))
        fits = prepend_step(&at, buffer, &start);
    path_put(&at);
    if (fits && (*start == '\0' || *start == ' '))
        fits = prepend(buffer, &start, "/", 1);
    *error = fits ? 0 : -ENAMETOOLONG;
    return fits ? start : NULL;
}
