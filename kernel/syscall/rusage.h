/*
 * What has been used, as programs have it: struct rusage.
 */
#ifndef CORRODE_SYSCALL_RUSAGE_H
#define CORRODE_SYSCALL_RUSAGE_H

#include "syscall/handlers.h"
#include "time/clock.h"

struct user_timeval {
    int64_t seconds, microseconds;
};

struct user_rusage {
    struct user_timeval user, system;
    int64_t peak_kib, unused1[3], minor_faults, major_faults, unused2[6], waits, preemptions;
};
_Static_assert(sizeof(struct user_rusage) == 144, "struct rusage");

static inline struct user_timeval timeval_of(uint64_t ns)
{
    return (struct user_timeval){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND / 1000)};
}

static inline int copy_rusage(uaddr_t to, const struct usage *usage)
{
    const struct user_rusage rusage = {.user = timeval_of(usage->user_ns),
        .system = timeval_of(usage->system_ns),
        .peak_kib = (int64_t)(usage->peak_pages * (PAGE_SIZE / 1024)),
        .minor_faults = (int64_t)usage->minor_faults,
        .major_faults = (int64_t)usage->major_faults,
        .waits = (int64_t)usage->waits,
        .preemptions = (int64_t)usage->preemptions};
    return copy_to_user(to, &rusage);
}

#endif
