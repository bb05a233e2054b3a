/*
 * Moving bytes for a program: file_read and file_write, with what a program is told, or loses, by a signal.
 */
#ifndef CORRODE_SYSCALL_TRANSFER_H
#define CORRODE_SYSCALL_TRANSFER_H

#include "fs/fs.h"

typedef long transfer_function(struct file *file, struct iov *iov, uint64_t *position);

/* As file_read, and counted: /proc/PID/io. */
transfer_function program_read;

/*
 * As file_write, and counted: heeds RLIMIT_FSIZE, takes the set-user-ID bit from what the program may not keep so, and
 * sends SIGPIPE and SIGXFSZ.
 */
transfer_function program_write;

/* May the file become SIZE long? 0, or -EFBIG and SIGXFSZ. */
int program_check_size(const struct inode *inode, uint64_t size);

#endif
