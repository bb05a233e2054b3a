/*
 * System calls that change what is known of a file: mode, owner, times. kernel/fs/attributes.c does it.
 *
 * Source: chmod(2), chown(2), utimensat(2), utime(2).
 */
#include "fs/attributes.h"

#include "syscall/handlers.h"
#include "syscall/request.h"
#include "time/clock.h"

/* What FD is open on. Ended by path_put if 0. */
static int descriptor_path(int fd, bool any, struct path *path)
{
    struct file *file = (any ? files_find_any : files_find)(task_current()->files, fd);
    if (file == NULL)
        return -EBADF;
    *path = file->path;
    path_get(path);
    file_put(file);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Mode
 */

/* ERROR: of finding PATH. */
static long set_mode(int error, struct path *path, uint32_t mode)
{
    if (error)
        return error;
    error = path_set_mode(path, mode & 07777, task_current()->credentials);
    path_put(path);
    return error;
}

long sys_chmod(const uint64_t a[6])
{
    struct path path;
    return set_mode(request_walk(AT_FDCWD, a[0], 0, &path), &path, (uint32_t)a[1]);
}

long sys_fchmod(const uint64_t a[6])
{
    struct path path;
    return set_mode(descriptor_path((int)a[0], false, &path), &path, (uint32_t)a[1]);
}

long sys_fchmodat(const uint64_t a[6])
{
    struct path path;
    return set_mode(request_walk((int)a[0], a[1], 0, &path), &path, (uint32_t)a[2]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Owner
 */

static long set_owner(int error, struct path *path, uint64_t uid, uint64_t gid)
{
    if (error)
        return error;
    error = path_set_owner(path, (uint32_t)uid, (uint32_t)gid, task_current()->credentials);
    path_put(path);
    return error;
}

long sys_chown(const uint64_t a[6])
{
    struct path path;
    return set_owner(request_walk(AT_FDCWD, a[0], 0, &path), &path, a[1], a[2]);
}

long sys_lchown(const uint64_t a[6])
{
    struct path path;
    return set_owner(request_walk(AT_FDCWD, a[0], WALK_NO_FOLLOW, &path), &path, a[1], a[2]);
}

long sys_fchown(const uint64_t a[6])
{
    struct path path;
    return set_owner(descriptor_path((int)a[0], false, &path), &path, a[1], a[2]);
}

long sys_fchownat(const uint64_t a[6])
{
    struct path path;
    unsigned flags = (unsigned)a[4];
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return set_owner(request_walk((int)a[0], a[1], request_walk_flags(flags), &path), &path, a[2], a[3]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Times
 */

#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe
#define SECONDS_MAX (INT64_MAX / (int64_t)NS_PER_SECOND - 1) /* 292 years before and after 1970 are told apart */

static const struct time_change both_now = {.accessed_kind = TIME_NOW, .modified_kind = TIME_NOW};

static fs_time_t time_of(int64_t seconds, int64_t nanoseconds)
{
    int64_t clamped = seconds > SECONDS_MAX ? SECONDS_MAX : seconds < -SECONDS_MAX ? -SECONDS_MAX : seconds;
    return clamped * (int64_t)NS_PER_SECOND + nanoseconds;
}

static bool read_time(const struct user_timespec *from, enum time_change_kind *kind, fs_time_t *time)
{
    *kind = from->nanoseconds == UTIME_NOW ? TIME_NOW : from->nanoseconds == UTIME_OMIT ? TIME_OMIT : TIME_SET;
    if (*kind != TIME_SET)
        return true;
    *time = time_of(from->seconds, from->nanoseconds);
    return from->nanoseconds >= 0 && from->nanoseconds < (int64_t)NS_PER_SECOND;
}

/* The program's two times; FROM 0: now. */
static int read_times(uaddr_t from, struct time_change *change)
{
    struct user_timespec times[2];
    *change = both_now;
    if (from == 0)
        return 0;
    if (copy_from_user(&times, from) < 0)
        return -EFAULT;
    return read_time(&times[0], &change->accessed_kind, &change->accessed) &&
                   read_time(&times[1], &change->modified_kind, &change->modified)
               ? 0
               : -EINVAL;
}

/* The same as struct timeval, with microseconds, or as whole seconds (struct utimbuf). */
static int read_old_times(uaddr_t from, bool microseconds, struct time_change *change)
{
    int64_t values[4] = {0};
    *change = both_now;
    if (from == 0)
        return 0;
    if (user_read(values, from, (microseconds ? 4 : 2) * sizeof values[0]) != 0)
        return -EFAULT;
    unsigned step = microseconds ? 2 : 1;
    int64_t fractions[2] = {microseconds ? values[1] : 0, microseconds ? values[3] : 0};
    if (fractions[0] < 0 || fractions[0] >= 1000000 || fractions[1] < 0 || fractions[1] >= 1000000)
        return -EINVAL;
    change->accessed_kind = change->modified_kind = TIME_SET;
    change->accessed = time_of(values[0], fractions[0] * (int64_t)NS_PER_US);
    change->modified = time_of(values[step], fractions[1] * (int64_t)NS_PER_US);
    return 0;
}

static long set_times(int error, struct path *path, const struct time_change *change)
{
    if (error)
        return error;
    error = path_set_times(path, change, task_current()->credentials);
    path_put(path);
    return error;
}

/* Without a name the descriptor itself is meant. */
static long set_times_at(int directory, uaddr_t name, unsigned flags, const struct time_change *change)
{
    struct path path;
    if (name == 0 && directory != AT_FDCWD)
        return set_times(flags ? -EINVAL : descriptor_path(directory, false, &path), &path, change);
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return set_times(request_walk(directory, name, request_walk_flags(flags), &path), &path, change);
}

long sys_utimensat(const uint64_t a[6])
{
    struct time_change change;
    int error = read_times(a[2], &change);
    if (error)
        return error;
    if (change.accessed_kind == TIME_OMIT && change.modified_kind == TIME_OMIT)
        return 0; /* whatever the path */
    return set_times_at((int)a[0], a[1], (unsigned)a[3], &change);
}

static long set_old_times(int directory, uaddr_t name, uaddr_t times, bool microseconds)
{
    struct time_change change;
    int error = read_old_times(times, microseconds, &change);
    return error ? error : set_times_at(directory, name, 0, &change);
}

long sys_futimesat(const uint64_t a[6])
{
    return set_old_times((int)a[0], a[1], a[2], true);
}

long sys_utimes(const uint64_t a[6])
{
    return set_old_times(AT_FDCWD, a[0], a[1], true);
}

long sys_utime(const uint64_t a[6])
{
    return set_old_times(AT_FDCWD, a[0], a[1], false);
}
