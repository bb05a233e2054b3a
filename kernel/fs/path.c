/*
 * From names to what they mean: see "Names" in fs.h.
 *
 * A walk holds one reference, to where it is; each step takes one to the next place and gives the last one back. A
 * symbolic link's text is walked next, from where the link lies; what is left of the text that named it waits below it
 * on a stack. A text with nothing left does not: so only links in the middle of paths make the stack grow, and all of
 * it is in memory that is allocated, not on the thread's own stack.
 *
 * Source: path_resolution(7); POSIX.1-2017, 4.13.
 */
#include "fs/attributes.h"
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/mount.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

/* A text that is being walked. That of a link comes right after it. */
struct text {
    struct text *below; /* goes on when this one is at its end; NULL: it is the caller's own */
    const char *at, *end;
};

struct position {
    const struct walk *walk;
    struct path_creation *creation; /* what to make of a last component that is not there; NULL: nothing */
    struct path at;
    struct text *text; /* the top of the stack */
    struct text first; /* its bottom */
    unsigned links;    /* followed so far */
    bool follow_last;
    bool slash_last; /* a slash after the last component, or after a link that stood there: it must be a directory */
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

/* An absolute path begins. */
static int go_to_root(struct position *position)
{
    if (position->walk->flags & WALK_BENEATH ||
        (position->walk->flags & WALK_NO_CROSSING && position->at.mount != position->walk->root.mount))
        return -EXDEV;
    path_get(&position->walk->root);
    go(position, position->walk->root);
    return 0;
}

static int go_up(struct position *position)
{
    const struct walk *walk = position->walk;
    if (walk->flags & WALK_BENEATH && path_equal(&position->at, &walk->start))
        return -EXDEV;
    while (!path_equal(&position->at, &walk->root)) {
        if (position->at.dentry != position->at.mount->root) {
            struct dentry *parent = dentry_parent(position->at.dentry);
            dentry_put(position->at.dentry);
            position->at.dentry = parent;
            break;
        }
        struct path below;
        if (!mount_parent(position->at.mount, &below))
            break; /* the root of everything, above the walk's own root */
        go(position, below);
        if (walk->flags & WALK_NO_CROSSING)
            return -EXDEV;
    }
    if (position->at.dentry->mounts) /* what is mounted there now hides what was left */
        mount_descend(&position->at);
    return 0;
}

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

/* ------------------------------------------------------------------------------------------------------------------
 * Symbolic links
 */

static void pop(struct position *position)
{
    struct text *text = position->text;
    position->text = text->below;
    kfree(text);
}

/* Is nothing left after the component that is being looked at? */
static bool is_last(const struct position *position)
{
    const struct text *text = position->text;
    if (text->at < text->end)
        return false;
    return text == &position->first || (text->below == &position->first && position->first.at == position->first.end);
}

/* The text of a link goes on top of the stack. */
static int push_link(struct position *position, struct inode *inode)
{
    size_t size = inode->size > 0 && inode->size < PATH_LENGTH_MAX ? inode->size : PATH_LENGTH_MAX - 1;
    struct text *text = kmalloc(sizeof *text + size, 0);
    if (text == NULL)
        return -ENOMEM;
    char *bytes = (char *)(text + 1);
    long length = inode->ops->read_link ? inode->ops->read_link(inode, bytes, size) : -EINVAL;
    if (length <= 0) {
        kfree(text);
        return length ? (int)length : -ENOENT;
    }
    if (position->text != &position->first && position->text->at == position->text->end)
        pop(position);
    text->at = bytes;
    text->end = bytes + length;
    text->below = position->text;
    position->text = text;
    return *text->at == '/' ? go_to_root(position) : 0;
}

/* Follows LINK, which lies in the directory that we are at. */
static int follow(struct position *position, struct dentry *link)
{
    struct inode *inode = link->inode;
    unsigned flags = position->walk->flags;
    if (++position->links > LINK_DEPTH_MAX || position->at.mount->flags & MS_NOSYMFOLLOW || flags & WALK_NO_LINKS)
        return -ELOOP;
    inode_accessed(inode, position->at.mount);
    if (inode->ops->follow_link) {
        struct path target;
        int error = flags & WALK_NO_JUMPS ? -ELOOP : inode->ops->follow_link(inode, &target);
        if (error == 0 && flags & (WALK_BENEATH | WALK_NO_CROSSING)) {
            path_put(&target);
            error = -EXDEV;
        }
        if (error == 0)
            go(position, target);
        if (error <= 0)
            return error;
    }
    return push_link(position, inode);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Steps
 */

/* The last component, which was not found, is made; or it is found after all. */
static int create_last(struct position *position, const char *name, size_t length, struct dentry **dentry)
{
    struct path_creation *creation = position->creation;
    return name_create_in(position->walk, &position->at, name, length, creation->mode, dentry, &creation->created);
}

/* The entry of that name where we are, which leads to an inode. */
static int find(struct position *position, const char *name, size_t length, bool last, struct dentry **dentry)
{
    bool create = last && position->creation;
    int error = path_lookup(&position->at, name, length, dentry);
    if (!error && (*dentry)->inode == NULL) {
        dentry_put(*dentry);
        error = -ENOENT;
    }
    if (error == -ENOENT && create)
        error = create_last(position, name, length, dentry);
    if (!error && create && position->creation->exclusive && !position->creation->created) {
        dentry_put(*dentry);
        error = -EEXIST;
    }
    return error;
}

/* One component down. SLASH: after it. */
static int step(struct position *position, const char *name, size_t length, bool slash)
{
    if (length == 1 && name[0] == '.')
        return 0;
    if (length == 2 && name[0] == '.' && name[1] == '.') {
        return go_up(position);
    }
    struct dentry *next;
    bool last = is_last(position);
    if (last && slash && position->creation)
        return -EISDIR;
    int error = find(position, name, length, last, &next);
    if (error)
        return error;
    if (is_link(next) && (!last || position->follow_last || position->slash_last)) {
        error = follow(position, next);
        dentry_put(next);
        return error;
    }
    dentry_put(position->at.dentry);
    position->at.dentry = next;
    if (__builtin_expect(next->mounts != 0, 0)) {
        const struct mount *mount = position->at.mount;
        mount_descend(&position->at);
        if (position->walk->flags & WALK_NO_CROSSING && position->at.mount != mount)
            return -EXDEV;
    }
    return 0;
}

/* May the caller look names up here? */
static int check_search(const struct position *position)
{
    if (!is_directory(position->at.dentry))
        return -ENOTDIR;
    return inode_permission(position->at.dentry->inode, INODE_EXECUTE, position->walk->credentials);
}

/* All that is on the stack. */
static int walk_texts(struct position *position)
{
    int error = 0;
    while (!error) {
        struct text *text = position->text;
        const char *name = skip_slashes(text->at, text->end), *stop = skip_component(name, text->end);
        if (name == text->end) {
            if (text == &position->first)
                break;
            pop(position);
            continue;
        }
        text->at = skip_slashes(stop, text->end);
        bool slash = stop < text->end;
        if (slash && is_last(position))
            position->slash_last = true;
        error = check_search(position);
        if (!error)
            error = step(position, name, (size_t)(stop - name), slash);
    }
    if (!error && position->slash_last && !is_directory(position->at.dentry))
        error = -ENOTDIR;
    while (position->text != &position->first)
        pop(position);
    return error;
}

/* Walks [name, end): the result to *path, with its references, if it is 0. */
static int walk_from_start(struct position *position, const char *name, const char *end, struct path *path)
{
    const struct walk *walk = position->walk;
    position->first = (struct text){.at = name, .end = end};
    position->text = &position->first;
    bool absolute = name < end && *name == '/';
    position->at = absolute ? walk->root : walk->start;
    path_get(&position->at);
    int error = absolute && walk->flags & WALK_BENEATH ? -EXDEV : walk_texts(position);
    if (!error && walk->flags & WALK_DIRECTORY && !is_directory(position->at.dentry))
        error = -ENOTDIR;
    if (error)
        path_put(&position->at);
    else
        *path = position->at;
    return error;
}

int path_walk(const struct walk *walk, const char *name, struct path *path)
{
    struct position position = {.walk = walk, .follow_last = !(walk->flags & WALK_NO_FOLLOW)};
    if (*name == '\0' && !(walk->flags & WALK_EMPTY))
        return -ENOENT;
    return walk_from_start(&position, name, name + strlen(name), path);
}

int path_walk_create(const struct walk *walk, const char *name, struct path_creation *creation, struct path *path)
{
    bool follow = !creation->exclusive && !(walk->flags & WALK_NO_FOLLOW);
    struct position position = {.walk = walk, .creation = creation, .follow_last = follow};
    creation->created = false;
    if (*name == '\0')
        return -ENOENT;
    int error = walk_from_start(&position, name, name + strlen(name), path);
    if (!error && creation->exclusive && !creation->created) { /* "." and the like */
        path_put(path);
        error = -EEXIST;
    }
    return error;
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

    struct position position = {.walk = walk, .follow_last = true};
    int error = walk_from_start(&position, name, *last, parent);
    if (!error && (error = check_search(&position)) < 0)
        path_put(parent);
    if (!error && *length > NAME_LENGTH_MAX) {
        path_put(parent);
        error = -ENAMETOOLONG;
    }
    return error;
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
    if (at->dentry == at->mount->root) {
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

/* Is nothing above it: the first mount's root, or that of one that was taken away? */
static bool is_top(const struct path *path)
{
    return path->dentry == path->mount->root && path->mount->on.mount == NULL;
}

bool path_is_reachable(const struct path *path, const struct path *root)
{
    struct path at = *path;
    path_get(&at);
    while (!path_equal(&at, root) && !is_top(&at)) {
        struct path up = {.mount = at.mount};
        if (at.dentry == at.mount->root) {
            if (!mount_parent(at.mount, &up))
                break;
        } else {
            mount_get(up.mount);
            up.dentry = dentry_parent(at.dentry);
        }
        path_put(&at);
        at = up;
    }
    bool reached = path_equal(&at, root);
    path_put(&at);
    return reached;
}

char *path_name(const struct path *path, const struct path *root, char *buffer, size_t size, int *error)
{
    struct path at = *path;
    char *start = buffer + size - 1;
    *start = '\0';
    if (mount_is_nowhere(path->mount)) {
        *error = prepend(buffer, &start, path->dentry->name, path->dentry->length) ? 0 : -ENAMETOOLONG;
        return *error ? NULL : start;
    }
    path_get(&at);
    bool gone = !dentry_is_root(path->dentry) && !dentry_is_hashed(path->dentry);
    bool fits = !gone || prepend(buffer, &start, " (deleted)", 10);
    while (fits && !path_equal(&at, root) && !is_top(&at))
        fits = prepend_step(&at, buffer, &start);
    path_put(&at);
    if (fits && (*start == '\0' || *start == ' '))
        fits = prepend(buffer, &start, "/", 1);
    *error = fits ? 0 : -ENAMETOOLONG;
    return fits ? start : NULL;
}
