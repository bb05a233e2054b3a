/*
 * Paths on their way through a system call: the text is copied from the program, and says from where it is walked.
 *
 *     struct request request;
 *     int error = request_begin(&request, AT_FDCWD, a[0]);
 *     if (error)
 *         return error;
 *     error = name_remove(&request.walk, request.name, false);
 *     request_end(&request);
 *
 * A request lies on the stack of the call, with room for a path of ordinary length; a longer one is allocated.
 */
#ifndef CORRODE_SYSCALL_REQUEST_H
#define CORRODE_SYSCALL_REQUEST_H

#include "arch/x86_64/user.h"
#include "fs/fs.h"
#include "proc/proc.h"

/* <fcntl.h>: of the calls whose names end in "at". */
#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100u
#define AT_EACCESS 0x200u
#define AT_REMOVEDIR 0x200u
#define AT_SYMLINK_FOLLOW 0x400u
#define AT_NO_AUTOMOUNT 0x800u
#define AT_EMPTY_PATH 0x1000u

#define REQUEST_FEW 160

struct request {
    struct walk walk;
    struct walk_hold hold;
    struct file *directory; /* where the walk begins; NULL: no descriptor was named */
    char *name;             /* NUL-terminated */
    char few[REQUEST_FEW];
};

/*
 * Copies NAME; and says where the walk begins: DIRECTORY, a descriptor or AT_FDCWD, counts only when the path is
 * relative. 0, or -EFAULT, -ENAMETOOLONG, -EBADF, -ENOMEM; request_end follows only on 0.
 */
int request_begin(struct request *request, int directory, uaddr_t name);
void request_end(struct request *request);

/* DIRECTORY is the root of the walk, too, even if the path is absolute. 0 or -EBADF. */
int request_confine(struct request *request, int directory);

/* All of it for those who only want what the path leads to: *path with references, or the error. */
int request_walk(int directory, uaddr_t name, unsigned walk_flags, struct path *path);

/* What AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH mean to a walk. */
static inline unsigned request_walk_flags(unsigned at_flags)
{
    return (at_flags & AT_SYMLINK_NOFOLLOW ? WALK_NO_FOLLOW : 0) | (at_flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
}

#endif
