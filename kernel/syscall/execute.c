/*
 * execve and execveat: kernel/proc does it.
 *
 * Source: execve(2), execveat(2).
 */
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "syscall/handlers.h"
#include "syscall/request.h"

/* By PATH, which begins at descriptor FD or, AT_FDCWD, where the task's paths begin. */
static long execute(int fd, uaddr_t path, uaddr_t argv, uaddr_t environment, unsigned walk_flags)
{
    static const char prefix[] = "/dev/fd/";
    struct request request;
    struct walk_hold hold;
    char *name = NULL;
    int error = request_begin(&request, fd, path);
    if (error)
        return error;
    struct program_request program = {
        .walk_flags = walk_flags,
        .path = request.name,
        .arguments = {.user_argv = argv, .user_environment = environment},
    };
    task_walk(&program.walk, &hold);
    if (request.directory) { /* a name by which it may be found, until the descriptor is closed */
        size_t size = sizeof prefix + 12 + strlen(request.name) + 1;
        program.name = name = kmalloc(size, 0);
        if (name == NULL) {
            error = -ENOMEM;
            goto out_request;
        }
        snprintf(name, size, request.name[0] ? "%s%d/%s" : "%s%d", prefix, fd, request.name);
        program.directory = request.directory->path;
        program.unreachable = files_get_close_on_exec(task_current()->files, fd) == 1;
    }
    error = task_execute(&program);
out_request:
    task_walk_end(&hold);
    kfree(name);
    request_end(&request);
    if (program.fatal)
        task_exit(status_of_signal(SIGSEGV));
    return error;
}

long sys_execve(const uint64_t a[6])
{
    return execute(AT_FDCWD, a[0], a[1], a[2], 0);
}

long sys_execveat(const uint64_t a[6])
{
    unsigned flags = (unsigned)a[4];
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return execute((int)a[0], a[1], a[2], a[3], request_walk_flags(flags));
}
