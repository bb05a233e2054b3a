/*
 * Pipes and FIFOs: bytes from whoever writes to whoever reads, through pages.
 *
 *     struct file *ends[2];
 *     int error = pipe_create(O_NONBLOCK, ends);      // the end to read and the end to write; a reference each
 *
 * A FIFO is the same behind a name: its inode gets a pipe when somebody opens it (fifo_file_ops) and loses it with the
 * last file.
 */
#ifndef CORRODE_FS_PIPE_H
#define CORRODE_FS_PIPE_H

#include "fs/fs.h"

#define PIPE_BUF 4096               /* a write of so many bytes is not mixed with others */
#define PIPE_SIZE_DEFAULT 0x10000   /* bytes */
#define PIPE_SIZE_MAX 0x100000      /* what everybody may ask for; those with CAP_SYS_RESOURCE more */
#define PIPE_SIZE_LIMIT 0x80000000u /* and nobody more than that */

/* FLAGS: O_NONBLOCK, O_DIRECT (each write is a packet). -ENOMEM. */
int pipe_create(unsigned flags, struct file *ends[2]);

/* The pipe that FILE is an end of; NULL: it is something else. */
struct pipe *pipe_of(const struct file *file);

/* How many bytes it has room for. And changes it: the new size, -EINVAL, -EPERM, -ENOMEM, or -EBUSY when it holds more.
 */
long pipe_size(struct pipe *pipe);
long pipe_set_size(struct pipe *pipe, unsigned size, bool privileged);

extern const struct file_ops fifo_file_ops; /* for FIFOs on every file system */

#endif
