/*
 * System calls about directories: reading them, and the task's own root, working directory and umask.
 *
 * Source: getdents(2), chdir(2), getcwd(2), umask(2).
 */
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "syscall/handlers.h"
#include "syscall/request.h"

/* ------------------------------------------------------------------------------------------------------------------
 * Reading
 */

/* struct linux_dirent64. The old struct linux_dirent has no `type` there, but in its last byte, after the name. */
struct entry {
    uint64_t inode;
    uint64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
} __attribute__((packed));

#define ENTRY_HEADER 19u
#define OLD_ENTRY_HEADER 18u
_Static_assert(sizeof(struct entry) == ENTRY_HEADER, "struct linux_dirent64");

struct buffer {
    struct directory_sink sink;
    bool old;
    uaddr_t at;
    size_t left;
    int error; /* why nothing more was put */
};

/* The record as the program gets it; returns its size. */
static size_t make_entry(const struct buffer *buffer, struct entry *entry, const char *name, size_t length)
{
    size_t header = buffer->old ? OLD_ENTRY_HEADER : ENTRY_HEADER;
    size_t size = align_up(header + length + (buffer->old ? 2 : 1), 8);
    uint8_t type = entry->type;
    char *bytes = (char *)entry;
    entry->size = (uint16_t)size;
    memset(bytes + header, 0, size - header);
    memcpy(bytes + header, name, length);
    if (buffer->old)
        bytes[size - 1] = (char)type;
    return size;
}

static bool put_entry(
    struct directory_sink *sink, const char *name, size_t length, uint64_t inode, unsigned type, uint64_t next_position)
{
    struct buffer *buffer = container_of(sink, struct buffer, sink);
    uint8_t room[ENTRY_HEADER + NAME_LENGTH_MAX + 16] __attribute__((aligned(8)));
    struct entry *entry = (struct entry *)room;
    *entry = (struct entry){.inode = inode, .next = next_position, .type = (uint8_t)(type >> 12)};
    size_t size = make_entry(buffer, entry, name, length);
    buffer->error = size > buffer->left ? -EINVAL : user_write(buffer->at, entry, size) ? -EFAULT : 0;
    if (buffer->error)
        return false;
    buffer->at += size;
    buffer->left -= size;
    return true;
}

static long read_directory(const uint64_t a[6], bool old)
{
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    struct buffer buffer = {.sink.put = put_entry, .old = old, .at = a[1], .left = (unsigned)a[2]};
    long result = file_read_directory(file, &buffer.sink);
    file_put(file);
    if (buffer.at > a[1])
        return (long)(buffer.at - a[1]);
    return result ? result : buffer.error;
}

long sys_getdents64(const uint64_t a[6])
{
    return read_directory(a, false);
}

long sys_getdents(const uint64_t a[6])
{
    return read_directory(a, true);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The task's own
 */

/* PATH, whose references go, becomes the working directory if it may. */
static long change_to(struct path *path)
{
    const struct inode *inode = path->dentry->inode;
    int error = (inode->mode & S_IFMT) == S_IFDIR ? 0 : -ENOTDIR;
    if (!error)
        error = inode_permission(inode, INODE_EXECUTE, task_current()->credentials);
    if (error)
        path_put(path);
    else
        task_set_working(path);
    return error;
}

long sys_chdir(const uint64_t a[6])
{
    struct path path;
    int error = request_walk(AT_FDCWD, a[0], WALK_DIRECTORY, &path);
    return error ? error : change_to(&path);
}

long sys_fchdir(const uint64_t a[6])
{
    struct file *file = files_find_any(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    struct path path = file->path;
    path_get(&path);
    file_put(file);
    return change_to(&path);
}

static long tell_working(const struct path *working, const struct path *root, uaddr_t to, size_t size)
{
    char *buffer = kmalloc(PATH_LENGTH_MAX, 0);
    int error = -ENOMEM;
    if (buffer == NULL)
        return error;
    static const char unreachable[] = "(unreachable)";
    size_t prefix = path_is_reachable(working, root) ? 0 : sizeof unreachable - 1;
    char *name = path_name(working, root, buffer + prefix, PATH_LENGTH_MAX - prefix, &error);
    long result = error;
    if (name) {
        name -= prefix;
        memcpy(name, unreachable, prefix);
        size_t length = strlen(name) + 1;
        result = length > size ? -ERANGE : user_write(to, name, length) == 0 ? (long)length : -EFAULT;
    }
    kfree(buffer);
    return result;
}

long sys_getcwd(const uint64_t a[6])
{
    struct path root, working;
    if (!task_root(task_current(), &root))
        return -ENOENT;
    bool there = task_working(task_current(), &working);
    bool gone = there && !dentry_is_root(working.dentry) && !dentry_is_hashed(working.dentry);
    long result = !there || gone ? -ENOENT : tell_working(&working, &root, a[0], a[1]);
    path_put(&root);
    if (there)
        path_put(&working);
    return result;
}

long sys_umask(const uint64_t a[6])
{
    return __atomic_exchange_n(&task_current()->paths->umask, (uint32_t)a[0] & 0777, __ATOMIC_RELAXED);
}
