/*
 * What timers.c (timer_create) and interval.c (setitimer, and all that goes by processor time) know of each other.
 */
#ifndef CORRODE_PROC_TIMERS_INTERNAL_H
#define CORRODE_PROC_TIMERS_INTERNAL_H

#include "proc/signal_internal.h"
#include "proc/timers.h"
#include "time/timer.h"

#define TIMER_GAP (50 * NS_PER_US) /* how soon one goes off again whose signal nobody takes */

struct posix_timer {
    struct list_node link; /* in process_timers.posix */
    struct process *process;
    struct program_clock clock;
    struct timer_event event;
    int32_t id;
    bool set, pending;          /* its signal is queued */
    bool by_wall;               /* `expires` is a moment of the day; else of clock_monotonic, or processor time */
    uint64_t expires, interval; /* interval 0: once */
    uint64_t overrun;           /* as of the last signal */
    struct timer timer;         /* not for processor time */
    struct queued_signal queued;
    struct signal_queue *queue; /* that `queued` is in */
};

struct process_timers {
    struct process *process;
    struct list posix; /* struct posix_timer, by `link` */
    int32_t next_id;
    uint32_t count;
    struct interval_timer {
        uint64_t expires, interval; /* expires 0: not set. Of clock_monotonic; of processor time */
    } intervals[ITIMERS];
    struct timer alarm; /* ITIMER_REAL */
    struct timer check; /* processor time */
};

static inline bool is_by_processor(const struct posix_timer *timer)
{
    return timer->clock.kind == PROGRAM_CLOCK_PROCESS || timer->clock.kind == PROGRAM_CLOCK_TASK;
}

/* Made at the first use; NULL: no memory. */
struct process_timers *process_timers_get(struct process *process);

/* TIMER, which is set, is due at NOW of its clock. */
void posix_timer_expire_locked(struct posix_timer *timer, uint64_t now);

/* interval.c: there is something new to check. */
void processor_check_locked(struct process_timers *timers);
void processor_check_init(struct process_timers *timers);

#endif
