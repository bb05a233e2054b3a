/*
 * Paths that system calls name: see request.h.
 *
 * Source: path_resolution(7), openat(2).
 */
#include "syscall/request.h"

#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/proc.h"

/* The text, into `few` if it fits. */
static int read_name(struct request *request, uaddr_t name)
{
    request->name = request->few;
    long length = user_read_string(request->few, name, sizeof request->few);
    if (length != -ENAMETOOLONG)
        return length < 0 ? (int)length : 0;
    request->name = kmalloc(PATH_LENGTH_MAX, 0);
    if (request->name == NULL)
        return -ENOMEM;
    length = user_read_string(request->name, name, PATH_LENGTH_MAX);
    return length < 0 ? (int)length : 0;
}

void request_end(struct request *request)
{
    if (request->name != request->few)
        kfree(request->name);
    if (request->directory)
        file_put(request->directory);
    task_walk_end(&request->hold);
}

int request_begin(struct request *request, int directory, uaddr_t name)
{
    request->directory = NULL;
    int error = read_name(request, name);
    task_walk(&request->walk, &request->hold);
    if (!error && directory != AT_FDCWD && request->name[0] != '/') {
        request->directory = files_find_any(task_current()->files, directory);
        if (request->directory)
            request->walk.start = request->directory->path;
        else
            error = -EBADF;
    }
    if (error)
        request_end(request);
    return error;
}

int request_confine(struct request *request, int directory)
{
    if (directory != AT_FDCWD && request->directory == NULL) {
        request->directory = files_find_any(task_current()->files, directory);
        if (request->directory == NULL)
            return -EBADF;
        request->walk.start = request->directory->path;
    }
    request->walk.root = request->walk.start;
    return 0;
}

int request_walk(int directory, uaddr_t name, unsigned walk_flags, struct path *path)
{
    struct request request;
    int error = request_begin(&request, directory, name);
    if (error)
        return error;
    request.walk.flags = walk_flags;
    error = path_walk(&request.walk, request.name, path);
    request_end(&request);
    return error;
}
