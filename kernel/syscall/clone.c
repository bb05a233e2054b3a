/*
 * System calls that make processes, change their program and wait for their end: kernel/proc does it.
 *
 * Source: clone(2), execve(2), wait4(2).
 */
#include "lib/string.h"
#include "mm/slab.h"
#include "syscall/handlers.h"

#define ARGUMENTS_MAX 512      /* strings of each list */
#define ARGUMENT_BYTES KIB(96) /* of all strings */

long sys_clone(const uint64_t a[6])
{
    const struct clone_arguments arguments = {
        .flags = a[0], .stack = a[1], .parent_tid = a[2], .child_tid = a[3], .tls = a[4]};
    return task_clone(&arguments);
}

long sys_fork(const uint64_t a[6])
{
    const struct clone_arguments arguments = {.flags = 17};
    return task_clone(&arguments);
}

long sys_vfork(const uint64_t a[6])
{
    const struct clone_arguments arguments = {.flags = CLONE_VM | CLONE_VFORK | 17};
    return task_clone(&arguments);
}

long sys_wait4(const uint64_t a[6])
{
    enum { WNOHANG = 1, WUNTRACED = 2, WCONTINUED = 8, RUSAGE_SIZE = 144 };
    int status = 0;
    int32_t pid = (int32_t)a[0];
    if (a[2] & ~(uint64_t)(WNOHANG | WUNTRACED | WCONTINUED))
        return -EINVAL;
    long number = process_wait_child(pid > 0 ? pid : -1, a[2] & WNOHANG, &status);
    if (number > 0 && a[1] && copy_to_user(a[1], &status) < 0)
        return -EFAULT;
    if (number > 0 && a[3] && user_zero(a[3], RUSAGE_SIZE) != 0)
        return -EFAULT;
    return number;
}

/* The strings of execve, copied. */
struct strings {
    char *path, *bytes;
    size_t used;
    const char *lists[2][ARGUMENTS_MAX + 1];
};

/* A list of the program's: addresses up to a NULL. */
static int copy_list(struct strings *strings, const char **list, uaddr_t from)
{
    for (unsigned i = 0; from != 0; i++, from += sizeof(uaddr_t)) {
        uaddr_t string;
        if (copy_from_user(&string, from) < 0)
            return -EFAULT;
        if (string == 0)
            return 0;
        if (i == ARGUMENTS_MAX)
            return -E2BIG;
        list[i] = strings->bytes + strings->used;
        long length = user_read_string(strings->bytes + strings->used, string, ARGUMENT_BYTES - strings->used);
        if (length < 0)
            return length == -ENAMETOOLONG ? -E2BIG : (int)length;
        strings->used += (size_t)length + 1;
    }
    return 0;
}

long sys_execve(const uint64_t a[6])
{
    struct strings *strings = kmalloc(sizeof *strings, ALLOC_ZERO);
    int error = -ENOMEM;
    if (strings == NULL)
        return error;
    strings->path = kmalloc(PATH_LENGTH_MAX, 0);
    strings->bytes = kmalloc(ARGUMENT_BYTES, 0);
    if (strings->path && strings->bytes) {
        long length = user_read_string(strings->path, a[0], PATH_LENGTH_MAX);
        error = length < 0 ? (int)length : copy_list(strings, strings->lists[0], a[1]);
        error = error ? error : copy_list(strings, strings->lists[1], a[2]);
    }
    const struct program_arguments arguments = {strings->lists[0], strings->lists[1]};
    if (error == 0)
        error = task_execute(strings->path, &arguments);
    kfree(strings->path);
    kfree(strings->bytes);
    kfree(strings);
    return error;
}
