/*
 * Timers as files: a read takes how often the time has come.
 */
#ifndef CORRODE_FS_TIMERFD_H
#define CORRODE_FS_TIMERFD_H

#include "fs/fs.h"

/* Nanoseconds. */
struct timerfd_setting {
    uint64_t interval; /* 0: once */
    uint64_t value;    /* until the first time, or that itself; 0: never */
};

/* WALL: absolute times are of clock_wall, not of clock_monotonic. FLAGS: O_NONBLOCK. NULL: no memory. */
struct file *timerfd_create(bool wall, unsigned flags);

/*
 * -EINVAL: it is something else. OLD is as timerfd_get has it. CANCELS: if it is an absolute time of clock_wall, a read
 * after that clock was set fails with ECANCELED.
 */
int timerfd_set(
    struct file *file, const struct timerfd_setting *new, bool absolute, bool cancels, struct timerfd_setting *old);
int timerfd_get(struct file *file, struct timerfd_setting *setting); /* value: what is left until the next time */

void timerfd_clock_was_set(void); /* clock_wall */

#endif
