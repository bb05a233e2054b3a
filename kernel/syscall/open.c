/*
 * System calls that open files: kernel/fs does it, this finds a descriptor for them.
 *
 * Source: open(2), memfd_create(2).
 */
#include "fs/memory_file.h"
#include "lib/printf.h"
#include "syscall/handlers.h"
#include "syscall/request.h"

/* IN_ROOT: the directory is "/" to the walk. */
static long open_with(int directory, uaddr_t name, unsigned flags, uint32_t mode, unsigned walk_flags, bool in_root)
{
    const struct task *task = task_current();
    struct request request;
    int error = request_begin(&request, directory, name);
    if (error)
        return error;
    request.walk.flags = walk_flags;
    if (in_root)
        error = request_confine(&request, directory);
    if (error) {
        request_end(&request);
        return error;
    }
    mode &= 07777 & ~task->paths->umask;
    struct file *file =
        file_open(&request.walk, request.name, flags & O_PATH ? flags : flags | O_LARGEFILE, mode, &error);
    long result = error;
    if (file) {
        result = files_add(task->files, file, flags & O_CLOEXEC, task->process->limits[RLIMIT_NOFILE].current);
        if (result < 0)
            file_put(file);
    }
    request_end(&request);
    return result;
}

static long open_at(int directory, uaddr_t name, unsigned flags, uint32_t mode)
{
    return open_with(directory, name, flags, mode, 0, false);
}

long sys_open(const uint64_t a[6])
{
    return open_at(AT_FDCWD, a[0], (unsigned)a[1], (uint32_t)a[2]);
}

long sys_openat(const uint64_t a[6])
{
    return open_at((int)a[0], a[1], (unsigned)a[2], (uint32_t)a[3]);
}

long sys_creat(const uint64_t a[6])
{
    return open_at(AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)a[1]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * openat2
 */

/* struct open_how. */
struct user_open_how {
    uint64_t flags, mode, resolve;
};

#define RESOLVE_NO_XDEV 0x01u
#define RESOLVE_NO_MAGICLINKS 0x02u
#define RESOLVE_NO_SYMLINKS 0x04u
#define RESOLVE_BENEATH 0x08u
#define RESOLVE_IN_ROOT 0x10u
#define RESOLVE_CACHED 0x20u
#define RESOLVE_ALL 0x3fu

/* All that open knows; it ignores others, and openat2 does not. */
#define OPEN_FLAGS                                                                                                     \
    (O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT |         \
        O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | O_TMPFILE)
#define OPEN_PATH_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int check_how(const struct user_open_how *how)
{
    bool makes = how->flags & O_CREAT || (how->flags & O_TMPFILE) == O_TMPFILE;
    if (how->flags & ~(uint64_t)OPEN_FLAGS || how->resolve & ~(uint64_t)RESOLVE_ALL)
        return -EINVAL;
    if ((how->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) == (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
        return -EINVAL;
    if (makes ? how->mode & ~07777ull : how->mode)
        return -EINVAL;
    if (how->flags & O_PATH && how->flags & ~(uint64_t)OPEN_PATH_FLAGS)
        return -EINVAL;
    return how->resolve & RESOLVE_CACHED && (makes || how->flags & O_TRUNC) ? -EAGAIN : 0;
}

/* A structure of the program's that may be of a later version than ours: what we do not know must be 0. */
static int read_how(struct user_open_how *how, uaddr_t from, uint64_t size)
{
    if (size < sizeof *how)
        return -EINVAL;
    if (size > PAGE_SIZE)
        return -E2BIG;
    if (copy_from_user(how, from) < 0)
        return -EFAULT;
    for (uint64_t at = sizeof *how; at < size; at++) {
        uint8_t byte;
        if (copy_from_user(&byte, from + at) < 0)
            return -EFAULT;
        if (byte)
            return -E2BIG;
    }
    return 0;
}

long sys_openat2(const uint64_t a[6])
{
    struct user_open_how how;
    int error = read_how(&how, a[2], a[3]);
    if (!error)
        error = check_how(&how);
    if (error)
        return error;
    unsigned resolve = (unsigned)how.resolve;
    unsigned flags = (resolve & RESOLVE_NO_XDEV ? WALK_NO_CROSSING : 0) |
                     (resolve & (RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS) ? WALK_NO_JUMPS : 0) |
                     (resolve & RESOLVE_NO_SYMLINKS ? WALK_NO_LINKS : 0) |
                     (resolve & RESOLVE_BENEATH ? WALK_BENEATH : 0);
    return open_with((int)a[0], a[1], (unsigned)how.flags, (uint32_t)how.mode, flags, resolve & RESOLVE_IN_ROOT);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files without a name
 */

#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u
#define MFD_NAME_MAX 249 /* NAME_LENGTH_MAX without "memfd:" */

long sys_memfd_create(const uint64_t a[6])
{
    char name[MFD_NAME_MAX + 1], shown[MFD_NAME_MAX + sizeof "/memfd: (deleted)"];
    unsigned flags = (unsigned)a[1];
    if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
        return -EINVAL;
    long length = user_read_string(name, a[0], sizeof name);
    if (length < 0)
        return length == -EFAULT ? -EFAULT : -EINVAL;
    snprintf(shown, sizeof shown, "/memfd:%s (deleted)", name);
    struct file *file = memory_file_create(shown, 0, O_RDWR | O_LARGEFILE, 0777);
    if (file == NULL)
        return -ENOMEM;
    file->inode->uid = task_current()->credentials->fsuid;
    file->inode->gid = task_current()->credentials->fsgid;
    file->inode->links = 0;
    if (flags & MFD_ALLOW_SEALING)
        memory_file_allow_seals(file);
    return descriptor_install(file, flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
}
