/*
 * /dev/kmsg: the kernel's log, record by record, for programs; and waiting for what will come, for syslog(2), too.
 */
#ifndef CORRODE_FS_KMSG_H
#define CORRODE_FS_KMSG_H

#include "fs/poll.h"
#include "lib/types.h"

/* Waits until there is a record to read at CURSOR (log_read). 0 or -ERESTARTSYS. */
int kmsg_wait(uint64_t cursor);

/* The same for poll: POLLIN when there is one. */
unsigned kmsg_poll(uint64_t cursor, struct poll_table *table);

void kmsg_init(void);

#endif
