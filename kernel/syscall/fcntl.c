/*
 * System calls about descriptors and what open files have in common: dup, fcntl, and the ioctls that are the same for
 * all files.
 *
 * Source: dup(2), fcntl(2), ioctl(2), FIONBIO and the like: Linux fs/ioctl.c's table in ioctl_list(2).
 */
#include "fs/lock.h"
#include "fs/memory_file.h"
#include "fs/pipe.h"

#include "syscall/lock.h"

#define FILE_FLAGS_CHANGEABLE (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)

static uint64_t descriptor_limit(void)
{
    return task_current()->process->limits[RLIMIT_NOFILE].current;
}

long descriptor_install(struct file *file, unsigned flags)
{
    if (file == NULL)
        return -ENOMEM;
    int fd = files_add(task_current()->files, file, flags & O_CLOEXEC, descriptor_limit());
    if (fd < 0)
        file_put(file);
    return fd;
}

static long duplicate(int fd, int first, bool close_on_exec)
{
    struct file *file = files_find_any(task_current()->files, fd);
    if (file == NULL)
        return -EBADF;
    int result = files_add_from(task_current()->files, file, first, close_on_exec, descriptor_limit());
    if (result < 0)
        file_put(file);
    return result;
}

/* Puts the file of FD at TO, another number. */
static long duplicate_at(int fd, int to, bool close_on_exec)
{
    struct file *file = files_find_any(task_current()->files, fd);
    if (file == NULL)
        return -EBADF;
    int result = files_replace(task_current()->files, file, to, close_on_exec, descriptor_limit());
    if (result < 0)
        file_put(file);
    return result;
}

long sys_dup(const uint64_t a[6])
{
    return duplicate((int)a[0], 0, false);
}

long sys_dup2(const uint64_t a[6])
{
    if ((int)a[0] != (int)a[1])
        return duplicate_at((int)a[0], (int)a[1], false);
    int close_on_exec = files_get_close_on_exec(task_current()->files, (int)a[0]);
    return close_on_exec < 0 ? close_on_exec : (int)a[0];
}

long sys_dup3(const uint64_t a[6])
{
    if (a[2] & UINT32_MAX & ~O_CLOEXEC || (int)a[0] == (int)a[1])
        return -EINVAL;
    return duplicate_at((int)a[0], (int)a[1], a[2] & O_CLOEXEC);
}

/* ------------------------------------------------------------------------------------------------------------------
 * fcntl
 */

enum fcntl_command {
    F_DUPFD = 0,
    F_GETFD = 1,
    F_SETFD = 2,
    F_GETFL = 3,
    F_SETFL = 4,
    F_SETOWN = 8,
    F_GETOWN = 9,
    F_SETSIG = 10,
    F_GETSIG = 11,
    F_SETOWN_EX = 15,
    F_GETOWN_EX = 16,
    F_SETLEASE = 1024,
    F_GETLEASE = 1025,
    F_DUPFD_CLOEXEC = 1030,
    F_SETPIPE_SZ = 1031,
    F_GETPIPE_SZ = 1032,
    F_ADD_SEALS = 1033,
    F_GET_SEALS = 1034,
};

/* Those of CHANGED become as they are in FLAGS. */
static void file_flags_set(struct file *file, unsigned changed, unsigned flags)
{
    uint32_t before = __atomic_load_n(&file->flags, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(
        &file->flags, &before, (before & ~changed) | (flags & changed), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static bool is_owner(const struct inode *inode)
{
    const struct credentials *credentials = task_current()->credentials;
    return credentials->fsuid == inode->uid || credentials_capable(credentials, CAP_FOWNER);
}

static long set_flags(struct file *file, unsigned flags)
{
    uint32_t type = file->inode->mode & S_IFMT;
    if (flags & ~file->flags & O_NOATIME && !is_owner(file->inode))
        return -EPERM;
    if (flags & ~file->flags & O_DIRECT && type != S_IFREG && type != S_IFBLK && !pipe_of(file))
        return -EINVAL;
    file_flags_set(file, FILE_FLAGS_CHANGEABLE, flags);
    return 0;
}

static bool is_there(int owner)
{
    spin_lock(&processes_lock);
    bool there =
        owner == 0 || (owner < 0 ? process_group_find_locked(-owner) != NULL : task_find_locked(owner) != NULL);
    spin_unlock(&processes_lock);
    return there;
}

/* OWNER: a process, or negated a group; 0: nobody. */
static long set_owner(struct file *file, int owner)
{
    if (owner == INT32_MIN)
        return -EINVAL;
    if (!is_there(owner))
        return -ESRCH;
    file->owner = owner;
    return 0;
}

struct user_owner {
    int32_t type, pid; /* F_OWNER_ */
};
#define F_OWNER_TID 0
#define F_OWNER_PID 1
#define F_OWNER_PGRP 2

static long set_owner_extended(struct file *file, uaddr_t from)
{
    struct user_owner owner;
    if (copy_from_user(&owner, from) < 0)
        return -EFAULT;
    if (owner.type < F_OWNER_TID || owner.type > F_OWNER_PGRP || owner.pid < 0)
        return -EINVAL;
    return set_owner(file, owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid);
}

static long get_owner_extended(const struct file *file, uaddr_t to)
{
    int owner = file->owner;
    struct user_owner answer = {.type = owner < 0 ? F_OWNER_PGRP : F_OWNER_PID, .pid = owner < 0 ? -owner : owner};
    return copy_to_user(to, &answer);
}

static long set_signal(struct file *file, uint64_t signal)
{
    if (signal > SIGNALS)
        return -EINVAL;
    file->owner_signal = (int)signal;
    return 0;
}

static long set_pipe_size(struct file *file, uint64_t size)
{
    struct pipe *pipe = pipe_of(file);
    if (pipe == NULL)
        return -EBADF;
    return pipe_set_size(pipe, (unsigned)size, credentials_capable(task_current()->credentials, CAP_SYS_RESOURCE));
}

/* Nobody gets a lease: somebody else might have the file open, for all that its owner can know. */
static long set_lease(const struct file *file, int type)
{
    const struct credentials *credentials = task_current()->credentials;
    if (type != F_RDLCK && type != F_WRLCK && type != F_UNLCK)
        return -EINVAL;
    if (credentials->fsuid != file->inode->uid && !credentials_capable(credentials, CAP_LEASE))
        return -EACCES;
    return (file->inode->mode & S_IFMT) == S_IFREG ? -EAGAIN : -EINVAL;
}

/* Commands that are about the file, not the descriptor. */
static long control(struct file *file, int fd, int command, uint64_t argument)
{
    switch (command) {
    case F_GETFL: return file->flags;
    case F_SETFL: return set_flags(file, (unsigned)argument);
    case F_GETOWN: return file->owner;
    case F_SETOWN: return set_owner(file, (int)argument);
    case F_GETOWN_EX: return get_owner_extended(file, argument);
    case F_SETOWN_EX: return set_owner_extended(file, argument);
    case F_GETSIG: return file->owner_signal;
    case F_SETSIG: return set_signal(file, argument);
    case F_GETLEASE: return F_UNLCK;
    case F_SETLEASE: return set_lease(file, (int)argument);
    case F_GETPIPE_SZ: return pipe_of(file) ? pipe_size(pipe_of(file)) : -EBADF;
    case F_SETPIPE_SZ: return set_pipe_size(file, argument);
    case F_ADD_SEALS: return file_add_seals(file, (unsigned)argument);
    case F_GET_SEALS: return file_get_seals(file);
    default: return lock_control(file, fd, command, argument);
    }
}

long sys_fcntl(const uint64_t a[6])
{
    struct task_files *files = task_current()->files;
    int fd = (int)a[0], command = (int)a[1];
    struct file *file = files_find_any(files, fd);
    if (file == NULL)
        return -EBADF;
    long result;
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        result = (unsigned)a[2] >= min_u64(descriptor_limit(), INT32_MAX)
                     ? -EINVAL
                     : duplicate(fd, (int)a[2], command == F_DUPFD_CLOEXEC);
        break;
    case F_GETFD: result = files_get_close_on_exec(files, fd); break;
    case F_SETFD: result = files_set_close_on_exec(files, fd, a[2] & 1); break;
    default: result = file->flags & O_PATH && command != F_GETFL ? -EBADF : control(file, fd, command, a[2]);
    }
    file_put(file);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * ioctl
 */

#define FIONREAD 0x541bu
#define FIONBIO 0x5421u
#define FIONCLEX 0x5450u
#define FIOCLEX 0x5451u
#define FIOASYNC 0x5452u
#define FIOQSIZE 0x5460u
#define FIGETBSZ 2u
#define FS_IOC_GETFLAGS 0x80086601u
#define FICLONE 0x40049409u
#define FS_IOC_FIEMAP 0xc020660bu

static long switch_flag(struct file *file, unsigned flag, uaddr_t from)
{
    int on;
    if (copy_from_user(&on, from) < 0)
        return -EFAULT;
    file_flags_set(file, flag, on ? flag : 0);
    return 0;
}

static long tell_size(const struct file *file, uaddr_t to)
{
    uint64_t size = __atomic_load_n(&file->inode->size, __ATOMIC_RELAXED);
    return copy_to_user(to, &size);
}

static long tell_rest(const struct file *file, uaddr_t to)
{
    int32_t rest = (int32_t)(__atomic_load_n(&file->inode->size, __ATOMIC_RELAXED) - file->position);
    return copy_to_user(to, &rest);
}

/* Files of which a part may be another's; copies are made when that is refused. */
static long refuse_clone(int from)
{
    struct file *file = files_find(task_current()->files, from);
    if (file == NULL)
        return -EBADF;
    file_put(file);
    return -EOPNOTSUPP;
}

static long tell_block_size(uaddr_t to)
{
    int32_t size = PAGE_SIZE;
    return copy_to_user(to, &size);
}

/* Of a file or directory in memory: none of those that chattr knows is ever set. */
static long tell_flags(uaddr_t to)
{
    int32_t flags = 0;
    return copy_to_user(to, &flags);
}

static long ioctl(struct file *file, int fd, unsigned command, uint64_t argument)
{
    uint32_t type = file->inode->mode & S_IFMT;
    switch (command) {
    case FIOCLEX:
    case FIONCLEX: return files_set_close_on_exec(task_current()->files, fd, command == FIOCLEX);
    case FIONBIO: return switch_flag(file, O_NONBLOCK, argument);
    case FIOASYNC: return switch_flag(file, O_ASYNC, argument);
    case FIOQSIZE: return type == S_IFREG || type == S_IFDIR || type == S_IFLNK ? tell_size(file, argument) : -ENOTTY;
    case FIONREAD:
        if (type == S_IFREG)
            return tell_rest(file, argument);
        break;
    case FIGETBSZ: return tell_block_size(argument);
    case FS_IOC_GETFLAGS:
        if (type == S_IFREG ? file_get_seals(file) >= 0 : type == S_IFDIR && file->inode->super->type->has_flags)
            return tell_flags(argument);
        break;
    case FICLONE:
        if (type == S_IFREG)
            return refuse_clone((int)argument);
        break;
    case FS_IOC_FIEMAP:
        if (type == S_IFREG || type == S_IFDIR)
            return -EOPNOTSUPP;
        break;
    }
    return file->ops->ioctl ? file->ops->ioctl(file, command, argument) : -ENOTTY;
}

long sys_ioctl(const uint64_t a[6])
{
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = ioctl(file, (int)a[0], (unsigned)a[1], a[2]);
    file_put(file);
    return result;
}
