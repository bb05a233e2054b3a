/*
 * System calls about epoll sets (fs/epoll.h).
 *
 * Source: epoll_create(2), epoll_ctl(2), epoll_wait(2).
 */
#include "fs/epoll.h"

#include "syscall/waiting.h"

#define EVENTS_MAX (INT32_MAX / sizeof(struct epoll_event))

static long create(unsigned flags)
{
    return flags & ~O_CLOEXEC ? -EINVAL : descriptor_install(epoll_create(), flags);
}

long sys_epoll_create(const uint64_t a[6])
{
    return (int)a[0] > 0 ? create(0) : -EINVAL;
}

long sys_epoll_create1(const uint64_t a[6])
{
    return create((unsigned)a[0]);
}

long sys_epoll_ctl(const uint64_t a[6])
{
    struct epoll_event event = {0};
    int operation = (int)a[1], fd = (int)a[2];
    if (operation != EPOLL_CTL_DEL && copy_from_user(&event, a[3]) < 0)
        return -EFAULT;
    struct file_use set = files_use(task_current()->files, (int)a[0]), file = files_use(task_current()->files, fd);
    long result = set.file && file.file ? epoll_control(set.file, operation, file.file, fd, &event) : -EBADF;
    file_unuse(file);
    file_unuse(set);
    return result;
}

static long wait(const uint64_t a[6], uint64_t deadline)
{
    int max = (int)a[2];
    if (max <= 0 || (unsigned)max > EVENTS_MAX)
        return -EINVAL;
    if (!user_range_ok(a[1], (unsigned)max * sizeof(struct epoll_event)))
        return -EFAULT;
    struct file_use set = files_use(task_current()->files, (int)a[0]);
    if (set.file == NULL)
        return -EBADF;
    long result = epoll_wait(set.file, a[1], (unsigned)max, deadline);
    file_unuse(set);
    return result;
}

long sys_epoll_wait(const uint64_t a[6])
{
    return wait(a, deadline_after_ms((int)a[3]));
}

long sys_epoll_pwait(const uint64_t a[6])
{
    int error = wait_mask_set(a[4], a[5]);
    return error ? error : wait(a, deadline_after_ms((int)a[3]));
}

long sys_epoll_pwait2(const uint64_t a[6])
{
    uint64_t deadline;
    int error = deadline_read(a[3], &deadline);
    if (!error)
        error = wait_mask_set(a[4], a[5]);
    return error ? error : wait(a, deadline);
}
