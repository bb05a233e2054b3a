/*
 * File systems that are made up: see pseudo.h.
 *
 * A directory's position is: 0 ".", 1 "..", then the lines of its table, and from POSITION_CHILDREN on the numbers of
 * what comes and goes: so whoever reads it in pieces misses nothing that stays.
 *
 * An open file keeps the text that it has read from last, by reference: two who read at once may each have another.
 * file->data is a struct pseudo_file.
 *
 * Locks: pseudo_file.lock (rank TEXT) guards which text it is.
 */
#include "fs/pseudo.h"

#include "fs/credentials.h"
#include "fs/dentry.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

#define POSITION_ENTRIES 2
#define POSITION_CHILDREN 0x10000
#define STORE_MAX PAGE_SIZE
#define NUMBER_ROOT 1
#define NUMBER_BITS 48

static const struct inode_ops directory_ops, directory_that_changes_ops, file_inode_ops, link_ops, jump_ops;
static const struct file_ops directory_file_ops, file_ops;

/* ------------------------------------------------------------------------------------------------------------------
 * Inodes
 */

const struct pseudo_filesystem *pseudo_filesystem_of(const struct superblock *super)
{
    return container_of(super->type, const struct pseudo_filesystem, type);
}

/* FNV-1a, as the dentry cache has it, in 64 bits. */
static uint64_t number_of(uint64_t parent, const char *name, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325 ^ parent;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3;
    hash = (hash ^ hash >> NUMBER_BITS) & ((1ull << NUMBER_BITS) - 1);
    return max_u64(hash, NUMBER_ROOT + 1);
}

static uint32_t type_of(const struct pseudo_entry *entry)
{
    return entry->mode & S_IFMT;
}

static unsigned count_directories(const struct pseudo_entry *entry)
{
    unsigned count = 0;
    for (const struct pseudo_entry *child = entry->entries; child && child->name; child++)
        count += type_of(child) == S_IFDIR;
    return count;
}

static void set_operations(struct inode *inode, const struct pseudo_entry *entry)
{
    const struct pseudo_filesystem *filesystem = pseudo_filesystem_of(inode->super);
    switch (type_of(entry)) {
    case S_IFDIR:
        inode->ops = filesystem->changes ? &directory_that_changes_ops : &directory_ops;
        inode->file_ops = &directory_file_ops;
        inode->links = 2 + count_directories(entry);
        break;
    case S_IFLNK: inode->ops = entry->follow ? &jump_ops : &link_ops; break;
    default:
        inode->ops = &file_inode_ops;
        inode->file_ops = entry->file_ops ? entry->file_ops : &file_ops;
        inode->size = filesystem->file_size;
    }
}

static int refresh(struct inode *inode)
{
    const struct pseudo_filesystem *filesystem = pseudo_filesystem_of(inode->super);
    return filesystem->refresh ? filesystem->refresh(inode, inode->data) : 0;
}

static int make_inode(struct superblock *super, const struct pseudo_node *node, uint64_t number, struct inode **made)
{
    struct pseudo_node *copy = kmalloc(sizeof *copy, 0);
    struct inode *inode = copy ? inode_create(super, node->entry->mode, &credentials_root) : NULL;
    if (inode == NULL) {
        kfree(copy);
        return -ENOMEM;
    }
    *copy = *node;
    inode->data = copy;
    inode->number = number;
    set_operations(inode, node->entry);
    int error = refresh(inode);
    if (error)
        inode_put(inode);
    else
        *made = inode;
    return error;
}

static void release_inode(struct inode *inode)
{
    kfree(inode->data);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Directories
 */

static void name_child(const struct pseudo_node *directory, uint64_t number, char *name)
{
    const struct pseudo_children *children = directory->entry->children;
    if (children->name)
        children->name(directory, number, name);
    else
        snprintf(name, NAME_LENGTH_MAX + 1, "%lu", number);
}

/* A number as name_child writes it: no sign, no zero before it. */
static bool parse_number(const char *name, size_t length, uint64_t *number)
{
    *number = 0;
    if (length == 0 || length > 14 || (name[0] == '0' && length > 1))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(name[i] - '0');
    }
    return true;
}

static bool is_named(const char *name, size_t length, const char *other)
{
    return strncmp(name, other, length) == 0 && other[length] == '\0';
}

/* Which child has the name? */
static bool find_child(const struct pseudo_node *directory, const char *name, size_t length, uint64_t *number)
{
    const struct pseudo_children *children = directory->entry->children;
    if (children->name == NULL)
        return parse_number(name, length, number);
    char other[NAME_LENGTH_MAX + 1];
    for (*number = 0; children->next(directory, number); ++*number) {
        children->name(directory, *number, other);
        if (is_named(name, length, other))
            return true;
    }
    return false;
}

static int find(const struct pseudo_node *directory, const char *name, size_t length, struct pseudo_node *child)
{
    uint64_t number;
    *child = *directory;
    for (const struct pseudo_entry *entry = directory->entry->entries; entry && entry->name; entry++) {
        if (is_named(name, length, entry->name)) {
            child->entry = entry;
            return 0;
        }
    }
    const struct pseudo_children *children = directory->entry->children;
    if (children == NULL || !find_child(directory, name, length, &number))
        return -ENOENT;
    child->entry = &children->entry;
    return children->find(directory, number, child);
}

static int lookup(struct inode *dir, const char *name, size_t length, struct inode **inode)
{
    struct pseudo_node child;
    if (refresh(dir) != 0)
        return -ESRCH; /* somebody has kept the directory of what is gone */
    int error = find(dir->data, name, length, &child);
    return error ? error : make_inode(dir->super, &child, number_of(dir->number, name, length), inode);
}

/* The name may have come to mean something else: a process with the number of one that has ended. */
static bool is_current(struct inode *dir, const struct dentry *dentry)
{
    struct pseudo_node now;
    const struct pseudo_node *then = dentry->inode->data;
    return find(dir->data, dentry->name, dentry->length, &now) == 0 && now.entry == then->entry &&
           memcmp(now.parts, then->parts, sizeof now.parts) == 0 && refresh(dentry->inode) == 0;
}

static bool put_entry(struct directory_sink *sink, const struct file *file, const char *name,
    const struct pseudo_entry *entry, uint64_t next)
{
    size_t length = strlen(name);
    return sink->put(sink, name, length, number_of(file->inode->number, name, length), type_of(entry), next);
}

static void read_children(
    struct file *file, const struct pseudo_node *node, struct directory_sink *sink, uint64_t *position)
{
    char name[NAME_LENGTH_MAX + 1];
    const struct pseudo_children *children = node->entry->children;
    *position = max_u64(*position, POSITION_CHILDREN);
    for (;;) {
        uint64_t number = *position - POSITION_CHILDREN;
        if (!children->next(node, &number))
            return;
        name_child(node, number, name);
        if (!put_entry(sink, file, name, &children->entry, number + POSITION_CHILDREN + 1))
            return;
        *position = number + POSITION_CHILDREN + 1;
    }
}

static bool read_entries(
    struct file *file, const struct pseudo_node *node, struct directory_sink *sink, uint64_t *position)
{
    uint64_t at = POSITION_ENTRIES;
    for (const struct pseudo_entry *entry = node->entry->entries; entry && entry->name; entry++, at++) {
        if (at < *position)
            continue;
        if (!put_entry(sink, file, entry->name, entry, at + 1))
            return false;
        *position = at + 1;
    }
    return true;
}

static bool read_dots(struct file *file, struct directory_sink *sink, uint64_t *position)
{
    struct dentry *parent = dentry_parent(file->path.dentry);
    uint64_t parent_number = parent->inode->number;
    dentry_put(parent);
    if (*position == 0 && !sink->put(sink, ".", 1, file->inode->number, S_IFDIR, 1))
        return false;
    *position = max_u64(*position, 1);
    if (*position == 1 && !sink->put(sink, "..", 2, parent_number, S_IFDIR, 2))
        return false;
    *position = max_u64(*position, POSITION_ENTRIES);
    return true;
}

static int read_directory(struct file *file, struct directory_sink *sink, uint64_t *position)
{
    const struct pseudo_node *node = file->inode->data;
    int error = refresh(file->inode);
    if (error)
        return error;
    if (read_dots(file, sink, position) && read_entries(file, node, sink, position) && node->entry->children)
        read_children(file, node, sink, position);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Symbolic links
 */

static long read_link(struct inode *inode, char *buffer, size_t size)
{
    const struct pseudo_node *node = inode->data;
    struct text text = TEXT_EMPTY;
    long result = node->entry->target(&text, node);
    if (result == 0)
        result = text.failed ? -ENOMEM : (long)min_u64(text.length, size);
    if (result > 0)
        memcpy(buffer, text.data, (size_t)result);
    text_free(&text);
    return result;
}

static int follow_link(struct inode *inode, struct path *path)
{
    const struct pseudo_node *node = inode->data;
    return node->entry->follow(node, path);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files
 */

struct shared_text {
    uint32_t references;
    struct text text;
};

struct pseudo_file {
    struct spinlock lock; /* TEXT */
    struct shared_text *current;
};

static void put_text(struct shared_text *shared)
{
    if (shared == NULL || __atomic_sub_fetch(&shared->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    text_free(&shared->text);
    kfree(shared);
}

/* With a reference; NULL: there is none yet. */
static struct shared_text *current_text(struct pseudo_file *open)
{
    spin_lock(&open->lock);
    struct shared_text *shared = open->current;
    if (shared)
        __atomic_fetch_add(&shared->references, 1, __ATOMIC_RELAXED);
    spin_unlock(&open->lock);
    return shared;
}

static int make_text(const struct pseudo_node *node, struct pseudo_file *open, struct shared_text **made)
{
    struct shared_text *shared = kmalloc(sizeof *shared, 0);
    if (shared == NULL)
        return -ENOMEM;
    *shared = (struct shared_text){.references = 2, .text = TEXT_EMPTY}; /* the file's, and the caller's */
    int error = node->entry->show(&shared->text, node);
    if (error || shared->text.failed) {
        text_free(&shared->text);
        kfree(shared);
        return error ? error : -ENOMEM;
    }
    spin_lock(&open->lock);
    struct shared_text *before = open->current;
    open->current = shared;
    spin_unlock(&open->lock);
    put_text(before);
    *made = shared;
    return 0;
}

static int open_file(struct file *file)
{
    const struct pseudo_node *node = file->inode->data;
    const struct pseudo_entry *entry = node->entry;
    uint32_t way = file->flags & O_ACCMODE;
    if (pseudo_filesystem_of(file->inode->super)->honours_read_only &&
        ((way != O_RDONLY && !(file->inode->mode & 0222)) || (way != O_WRONLY && !(file->inode->mode & 0444))))
        return -EACCES;
    int error = entry->open ? entry->open(node, file->flags) : 0;
    if (error)
        return error;
    struct pseudo_file *open = kmalloc(sizeof *open, 0);
    if (open == NULL)
        return -ENOMEM;
    *open = (struct pseudo_file){.current = NULL};
    spin_lock_init(&open->lock, LOCK_RANK_TEXT);
    file->data = open;
    return 0;
}

static void release_file(struct file *file)
{
    struct pseudo_file *open = file->data;
    put_text(open->current);
    kfree(open);
}

/* The file's own position is locked while it is looked at and moved, but not while a text is made. */
static void begin_to_move(struct file *file, const uint64_t *position)
{
    if (position == &file->position)
        mutex_lock(&file->position_lock);
}

static void end_of_move(struct file *file, const uint64_t *position)
{
    if (position == &file->position)
        mutex_unlock(&file->position_lock);
}

static long copy_text(const struct text *text, struct iov *to, uint64_t *position)
{
    if (*position >= text->length || to->left == 0)
        return 0;
    size_t copied = iov_copy_out(to, text->data + *position, min_u64(text->length - *position, to->left));
    *position += copied;
    return copied ? (long)copied : -EFAULT;
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    const struct pseudo_node *node = file->inode->data;
    struct pseudo_file *open = file->data;
    if (node->entry->show == NULL)
        return -EIO;
    bool goes_on = __atomic_load_n(position, __ATOMIC_RELAXED) != 0;
    struct shared_text *shared = goes_on ? current_text(open) : NULL;
    int error = shared ? 0 : make_text(node, open, &shared);
    if (error)
        return error;
    begin_to_move(file, position);
    long result = copy_text(&shared->text, to, position);
    end_of_move(file, position);
    put_text(shared);
    return result;
}

static long write(struct file *file, struct iov *from, uint64_t *position)
{
    const struct pseudo_node *node = file->inode->data;
    size_t length = from->left;
    if (node->entry->store == NULL)
        return node->parts[0] ? -EINVAL : -EIO; /* as Linux has it: of what is about something, and of the others */
    if (length >= STORE_MAX)
        return -EINVAL;
    char *text = kmalloc(length + 1, 0);
    if (text == NULL)
        return -ENOMEM;
    long result = iov_copy_in(from, text, length) == length ? 0 : -EFAULT;
    text[length] = '\0';
    if (result == 0)
        result = node->entry->store(node, text, length);
    kfree(text);
    if (result < 0)
        return result;
    begin_to_move(file, position);
    *position += length;
    end_of_move(file, position);
    return (long)length;
}

/* As Linux has it: nobody knows where the end is. */
static long seek(struct file *file, int64_t offset, int whence)
{
    if (whence != SEEK_SET && whence != SEEK_CUR)
        return -EINVAL;
    mutex_lock(&file->position_lock);
    int64_t to;
    long result = -EINVAL;
    if (!__builtin_add_overflow(whence == SEEK_CUR ? (int64_t)file->position : 0, offset, &to) && to >= 0)
        file->position = (uint64_t)(result = to);
    mutex_unlock(&file->position_lock);
    return result;
}

/* O_TRUNC is for those who would write to any file. */
static int truncate(struct inode *inode, uint64_t size)
{
    return 0;
}

static const struct inode_ops directory_ops = {.lookup = lookup, .refresh = refresh, .release = release_inode};
static const struct inode_ops directory_that_changes_ops = {
    .lookup = lookup, .is_current = is_current, .refresh = refresh, .release = release_inode};
static const struct inode_ops file_inode_ops = {.truncate = truncate, .refresh = refresh, .release = release_inode};
static const struct inode_ops link_ops = {.read_link = read_link, .refresh = refresh, .release = release_inode};
static const struct inode_ops jump_ops = {
    .read_link = read_link, .follow_link = follow_link, .refresh = refresh, .release = release_inode};
static const struct file_ops directory_file_ops = {.read_directory = read_directory};
static const struct file_ops file_ops = {
    .open = open_file, .release = release_file, .read = read, .write = write, .seek = seek, .locks_position = true};

/* ------------------------------------------------------------------------------------------------------------------
 * The whole
 */

int pseudo_mount(struct superblock *super, const char *source, const char *options)
{
    const struct pseudo_node node = {.entry = pseudo_filesystem_of(super)->root, .super = super};
    struct inode *inode;
    int error = make_inode(super, &node, NUMBER_ROOT, &inode);
    if (error)
        return error;
    super->root = dentry_create_root(super, inode);
    if (super->root)
        return 0;
    inode_put(inode);
    return -ENOMEM;
}

void pseudo_unmount(struct superblock *super)
{
    dentry_put(super->root);
}

void pseudo_report(struct superblock *super, struct superblock_report *report)
{
    report->type = pseudo_filesystem_of(super)->magic;
}
