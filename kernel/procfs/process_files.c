/*
 * What a process has open and where it is: /proc/PID/fd, fdinfo, cwd, root and exe. The links lead to the thing itself,
 * whatever its name has become; what they say is its name.
 *
 * Opening one of fd/ opens the file anew: the same file, a position of its own.
 */
#include "procfs/process.h"

#include "fs/dentry.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/pidfd.h"

int process_put_path(struct text *out, const struct path *path, const char *special)
{
    struct path root;
    struct task *self = task_current();
    struct walk walk;
    char *buffer = kmalloc(PATH_LENGTH_MAX, 0);
    int error = -ENOMEM;
    if (buffer == NULL)
        return error;
    fs_root_walk(&walk);
    bool own = self && task_root(self, &root);
    const char *name = path_name(path, own ? &root : &walk.root, buffer, PATH_LENGTH_MAX, &error);
    if (name && special)
        text_put_escaped(out, name, strlen(name), special);
    else if (name)
        text_puts(out, name);
    if (own)
        path_put(&root);
    kfree(buffer);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * cwd, root, exe
 */

static int get_executable(const struct pseudo_node *node, struct path *path)
{
    struct process *process = subject_process(node);
    struct file *file = process ? process_executable(process) : NULL;
    if (file) {
        *path = file->path;
        path_get(path);
        file_put(file);
    }
    if (process)
        process_put(process);
    return file ? 0 : -ENOENT;
}

static int get_working(const struct pseudo_node *node, struct path *path)
{
    return subject_working(node, path) ? 0 : -ENOENT;
}

static int get_root(const struct pseudo_node *node, struct path *path)
{
    return subject_root(node, path) ? 0 : -ENOENT;
}

static int get_file(const struct pseudo_node *node, struct path *path)
{
    struct task_files *files = subject_files(node);
    struct file *file = files ? files_find_any(files, (int)node->parts[SUBJECT_ITEM]) : NULL;
    if (file) {
        *path = file->path;
        path_get(path);
        file_put(file);
    }
    if (files)
        files_put(files);
    return file ? 0 : -ENOENT;
}

typedef int get_path(const struct pseudo_node *node, struct path *path);

static int follow(const struct pseudo_node *node, struct path *path, get_path *get)
{
    int error = subject_may_look(node);
    return error ? error : get(node, path);
}

static int show(struct text *out, const struct pseudo_node *node, get_path *get)
{
    struct path path;
    int error = follow(node, &path, get);
    if (!error) {
        error = process_put_path(out, &path, NULL);
        path_put(&path);
    }
    return error;
}

#define LINK(name, get)                                                                                                \
    int process_show_##name(struct text *out, const struct pseudo_node *node)                                          \
    {                                                                                                                  \
        return show(out, node, get);                                                                                   \
    }                                                                                                                  \
    int process_follow_##name(const struct pseudo_node *node, struct path *path)                                       \
    {                                                                                                                  \
        return follow(node, path, get);                                                                                \
    }
LINK(cwd, get_working)
LINK(root, get_root)
LINK(exe, get_executable)

/* ------------------------------------------------------------------------------------------------------------------
 * fd
 */

static int show_fd(struct text *out, const struct pseudo_node *node)
{
    return show(out, node, get_file);
}

static int follow_fd(const struct pseudo_node *node, struct path *path)
{
    return follow(node, path, get_file);
}

/* Looks only: a reference to a file is nothing to give back while a directory is locked. */
static bool next_fd(const struct pseudo_node *directory, uint64_t *number)
{
    struct task_files *files = subject_files(directory);
    unsigned flags;
    if (files == NULL)
        return false;
    int found = *number < FILES_MAX ? files_next(files, (unsigned)*number, &flags) : -1;
    files_put(files);
    *number = found < 0 ? *number : (uint64_t)found;
    return found >= 0;
}

static int find_fd(const struct pseudo_node *directory, uint64_t number, struct pseudo_node *child)
{
    uint64_t next = number;
    if (number >= FILES_MAX || !next_fd(directory, &next) || next != number)
        return -ENOENT;
    child->parts[SUBJECT_ITEM] = number;
    return 0;
}

/* The owner's permissions say how the file is open. */
int process_fd_refresh(struct inode *inode, const struct pseudo_node *node)
{
    uint64_t number = node->parts[SUBJECT_ITEM];
    struct task_files *files = subject_files(node);
    unsigned flags = 0;
    if (files == NULL)
        return -ENOENT;
    int found = files_next(files, (unsigned)number, &flags);
    files_put(files);
    if (found != (int)number)
        return -ENOENT;
    uint32_t way = flags & O_ACCMODE, mode = flags & O_PATH ? 0 : way == O_WRONLY ? 0300 : way == O_RDWR ? 0700 : 0500;
    inode->mode = S_IFLNK | mode;
    inode->size = 64; /* what programs make room for */
    return 0;
}

const struct pseudo_children process_fd_children = {
    .entry = {.mode = S_IFLNK | 0700, .target = show_fd, .follow = follow_fd}, .next = next_fd, .find = find_fd};

static int show_fdinfo(struct text *out, const struct pseudo_node *node)
{
    int fd = (int)node->parts[SUBJECT_ITEM];
    struct task_files *files = subject_files(node);
    struct file *file = files ? files_find_any(files, fd) : NULL;
    if (file) {
        int closes = files_get_close_on_exec(files, fd);
        text_printf(out, "pos:\t%lu\nflags:\t0%o\n",
            file->ops->stream ? 0 : __atomic_load_n(&file->position, __ATOMIC_RELAXED),
            (file->flags & 07777777777u & ~FILE_PROGRAM) | (closes == 1 ? O_CLOEXEC : 0));
        text_printf(out, "mnt_id:\t%lu\nino:\t%lu\n", file->path.mount->number, file->inode->number);
        struct process *process = pidfd_process(file);
        if (process)
            text_printf(out, "Pid:\t%d\nNSpid:\t%d\n", pidfd_number(process), pidfd_number(process));
        file_put(file);
    }
    if (files)
        files_put(files);
    return file ? 0 : -ENOENT;
}

const struct pseudo_children process_fdinfo_children = {
    .entry = {.mode = S_IFREG | 0444, .show = show_fdinfo, .open = subject_open}, .next = next_fd, .find = find_fd};
