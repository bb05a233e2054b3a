/*
 * The kernel's log for programs, line by line, as "<6>[    0.123456] mm: text\n": what syslog(2) and /proc/kmsg give.
 *
 * There are two places in it, both everybody's: reading takes lines away, so that each is read once, by whoever comes
 * first; syslog_read_all begins where the log was last cleared.
 *
 * Source: syslog(2); capabilities(7), CAP_SYSLOG; Linux Documentation/admin-guide/sysctl/kernel.rst, dmesg_restrict.
 */
#ifndef CORRODE_FS_SYSLOG_H
#define CORRODE_FS_SYSLOG_H

#include "fs/credentials.h"
#include "fs/iov.h"
#include "fs/poll.h"

/* 0 or -EPERM. EVERYBODY: what is open to all unless log_restricted (log.h) says otherwise. */
int syslog_may(const struct credentials *credentials, bool everybody);

/* As much of the lines that nobody has read as fits, perhaps a part of one. Waits for the first, but for NO_WAIT:
 * -EAGAIN. Returns bytes, -EFAULT, -ERESTARTSYS. */
long syslog_read(struct iov *to, bool no_wait);

/* The last lines that fit, whole ones; CLEAR: and clears. */
long syslog_read_all(struct iov *to, bool clear);
void syslog_clear(void);

/* Bytes that syslog_read has to give; -ENOMEM. POLLIN when there are any. */
long syslog_unread(void);
unsigned syslog_poll(struct poll_table *table);

#endif
