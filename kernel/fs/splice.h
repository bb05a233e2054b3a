/*
 * Moving bytes into, out of and between pipes by pages. NONBLOCK is about the pipes; LENGTH is not 0. How many bytes; 0
 * at the end of what is read; -EAGAIN, -ERESTARTSYS, -ENOMEM; -EPIPE when nobody reads from the pipe that is written
 * to, which costs the program SIGPIPE, too.
 */
#ifndef CORRODE_FS_SPLICE_H
#define CORRODE_FS_SPLICE_H

#include "fs/pipe.h"

/* POSITION NULL: the file's own. WRITE is file_write, or what does it for a program. */
long splice_to_pipe(struct pipe *pipe, struct file *in, uint64_t *position, size_t length, bool nonblock);
long splice_from_pipe(struct pipe *pipe, struct file *out, uint64_t *position, size_t length, bool nonblock,
    long (*write)(struct file *file, struct iov *from, uint64_t *position));

/* COPY: what is read stays (tee). */
long splice_between(struct pipe *from, struct pipe *to, size_t length, bool nonblock, bool copy);

#endif
