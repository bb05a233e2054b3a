/* Nodes, names and paths of a tree of files: see tree.h. */
#include "tree.h"

#include "lib/types.h"
#include "report.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINKS_MAX 40 /* symbolic links on one way, as Linux has it */

static struct tree_node *node_new(uint32_t mode)
{
    struct tree_node *node = memory_get(sizeof *node);
    node->mode = mode;
    return node;
}

struct tree_node *tree_new(void)
{
    struct tree_node *root = node_new(S_IFDIR | 0755);
    root->parent = root;
    root->names = 1;
    return root;
}

/* Where the entry NAME of LENGTH bytes is, or has its place. */
static size_t place_of(const struct tree_node *directory, const char *name, size_t length, bool *found)
{
    size_t low = 0, high = directory->count;
    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        const char *other = directory->entries[middle].name;
        int order = strncmp(name, other, length);
        if (order == 0 && other[length])
            order = -1;
        *found = order == 0;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return high;
}

static struct tree_node *entry_find(const struct tree_node *directory, const char *name, size_t length)
{
    bool found;
    size_t place = place_of(directory, name, length, &found);
    return found ? directory->entries[place].node : NULL;
}

/* NODE has one name more, which may be another's before: that one loses it. */
static void entry_set(struct tree_node *directory, const char *name, size_t length, struct tree_node *node)
{
    bool found;
    size_t place = place_of(directory, name, length, &found);
    node->names++;
    if (S_ISDIR(node->mode))
        node->parent = directory;
    if (found) {
        directory->entries[place].node->names--;
        directory->entries[place].node = node;
        return;
    }
    if (directory->count == directory->room) {
        directory->room = directory->room ? directory->room * 2 : 8;
        directory->entries = realloc(directory->entries, directory->room * sizeof *directory->entries);
        if (!directory->entries)
            fatal(NULL, "there is not enough memory for this tree; leave something out");
    }
    struct tree_entry *at = directory->entries + place;
    memmove(at + 1, at, (directory->count++ - place) * sizeof *at);
    *at = (struct tree_entry){text_format("%.*s", (int)length, name), node};
}

/* How to get to the end of a path. */
struct way {
    struct tree_node *root;
    bool make; /* directories that are missing */
    unsigned links;
};

/* The directory that PATH, of LENGTH bytes, leads to from START. NULL with errno: it does not. */
static struct tree_node *go(struct way *way, struct tree_node *start, const char *path, size_t length)
{
    struct tree_node *at = *path == '/' ? way->root : start;
    const char *end = path + length;
    while (at && path < end) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t size = (size_t)((slash ? slash : end) - path);
        struct tree_node *next = at;
        if (!S_ISDIR(at->mode)) {
            errno = ENOTDIR;
            return NULL;
        }
        if (size == 2 && memcmp(path, "..", 2) == 0) {
            next = at->parent;
        } else if (size > 0 && !(size == 1 && *path == '.')) {
            next = entry_find(at, path, size);
            errno = ENOENT;
            if (!next && way->make)
                entry_set(at, path, size, next = node_new(S_IFDIR | 0755));
            else if (next && S_ISLNK(next->mode) && way->links++ < LINKS_MAX)
                next = go(way, at, next->data, next->size);
            if (next && S_ISLNK(next->mode)) {
                errno = ELOOP;
                return NULL;
            }
        }
        at = next;
        path += size + 1;
    }
    return at;
}

struct tree_node *tree_find(struct tree_node *root, const char *path)
{
    struct way way = {.root = root};
    return go(&way, root, path, strlen(path));
}

/* Takes the last name off PATH: its length is in *LENGTH, 0 for the root; returns the directory it is in, made if need
 * be. */
static struct tree_node *parent_of(struct tree_node *root, const char *path, const char **name, size_t *length)
{
    struct way way = {.root = root, .make = true};
    const char *end = path + strlen(path);
    for (;;) {
        while (end > path && end[-1] == '/')
            end--;
        if (end - path < 1 || end[-1] != '.' || (end - path > 1 && end[-2] != '/'))
            break;
        end--; /* "." */
    }
    const char *start = end;
    while (start > path && start[-1] != '/')
        start--;
    *name = start;
    *length = (size_t)(end - start);
    if (*length == 2 && memcmp(start, "..", 2) == 0) {
        *length = 0; /* a directory that is there, whichever */
        start = end;
    }
    struct tree_node *parent = go(&way, root, path, (size_t)(start - path));
    if (parent && !S_ISDIR(parent->mode)) {
        errno = ENOTDIR;
        return NULL;
    }
    return parent;
}

struct tree_node *tree_make(struct tree_node *root, const char *path, uint32_t mode)
{
    const char *name;
    size_t length;
    struct tree_node *parent = parent_of(root, path, &name, &length);
    if (!parent)
        return NULL;
    struct tree_node *old = length ? entry_find(parent, name, length) : parent;
    bool is_directory = old && S_ISDIR(old->mode);
    if (is_directory && S_ISDIR(mode)) {
        old->mode = mode;
        return old;
    }
    if (is_directory && (old->count || length == 0)) {
        errno = EISDIR;
        return NULL;
    }
    struct tree_node *node = node_new(mode);
    entry_set(parent, name, length, node);
    return node;
}

bool tree_link(struct tree_node *root, const char *path, struct tree_node *node)
{
    const char *name;
    size_t length;
    struct tree_node *parent = parent_of(root, path, &name, &length);
    struct tree_node *old = parent && length ? entry_find(parent, name, length) : parent;
    if (!parent)
        return false;
    if (S_ISDIR(node->mode) || length == 0 || (old && S_ISDIR(old->mode))) {
        errno = EISDIR;
        return false;
    }
    if (old != node)
        entry_set(parent, name, length, node);
    return true;
}

char *tree_find_program(struct tree_node *root, const char *word, const char *path)
{
    static const char *const places[] = {"/sbin", "/usr/sbin", "/bin", "/usr/bin"}; /* kernel/proc/init.c */
    if (strchr(word, '/')) {
        struct tree_node *node = tree_find(root, word);
        if (!node)
            fatal(path, "has no %s in it; name a program that is there", word);
        if (!S_ISREG(node->mode) || !(node->mode & 0111))
            fatal(path, "%s in it is not a program that may be run; name another, or chmod +x it", word);
        return text_format("%s%s", *word == '/' ? "" : "/", word);
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(places); i++) {
        char *full = text_format("%s/%s", places[i], word);
        struct tree_node *node = tree_find(root, full);
        if (node && S_ISREG(node->mode) && (node->mode & 0111))
            return full;
        free(full);
    }
    fatal(path, "has no program %s in /sbin, /usr/sbin, /bin or /usr/bin; give its path", word);
}
