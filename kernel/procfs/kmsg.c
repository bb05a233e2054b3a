/*
 * /proc/kmsg: the log as syslog(2) READ gives it, for those who would rather read a file.
 */
#include "procfs/procfs_internal.h"

#include "fs/syslog.h"
#include "lib/errno.h"

static int open(struct file *file)
{
    const struct task *self = task_current();
    return self ? syslog_may(self->credentials, false) : 0;
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    return to->left ? syslog_read(to, file->flags & O_NONBLOCK) : 0;
}

static unsigned poll(struct file *file, struct poll_table *table)
{
    return syslog_poll(table);
}

const struct file_ops procfs_kmsg_ops = {.open = open, .read = read, .poll = poll, .stream = true};
