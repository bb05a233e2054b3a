/*
 * Timers of processes: alarm and setitimer, of which each process has three, and timer_create, as many as it likes.
 *
 * When one expires, a signal is sent. One that repeats is set again only when that signal has been taken: then it is
 * told how often it would have gone off meanwhile, and a program cannot keep the machine busy with a timer of a
 * nanosecond. Timers by processor time are looked at from time to time, so they go off late by a few milliseconds.
 *
 * They are not inherited by fork. execve deletes those of timer_create and keeps the three.
 *
 * Locks: process->signal_lock for all of it.
 *
 * Source: setitimer(2), timer_create(2), timer_settime(2), timer_getoverrun(2).
 */
#ifndef CORRODE_PROC_TIMERS_H
#define CORRODE_PROC_TIMERS_H

#include "proc/clocks.h"
#include "proc/proc.h"

/* Nanoseconds; a value of 0: it is not set; an interval of 0: it goes off once. */
struct timer_setting {
    uint64_t value, interval;
};

/* <signal.h>: what happens when one expires. */
#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD 2
#define SIGEV_THREAD_ID 4

struct timer_event {
    int notify, signal;
    int32_t task;     /* with SIGEV_THREAD_ID */
    uint64_t value;   /* for siginfo */
    bool value_is_id; /* nobody has said anything: the timer's number */
};

/* Those of the current process. A number, or -EAGAIN, -EINVAL: the event is none. */
int process_timer_create(const struct program_clock *clock, const struct timer_event *event);
/* 0, or -EINVAL: there is no such timer. OLD may be NULL. */
int process_timer_set(int id, bool absolute, const struct timer_setting *new, struct timer_setting *old);
int process_timer_get(int id, struct timer_setting *setting);
int process_timer_delete(int id);
/* How often it would have gone off again before its last signal was taken. */
int process_timer_overrun(int id);

#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1 /* processor time in the program */
#define ITIMER_PROF 2    /* all processor time */
#define ITIMERS 3
int interval_timer_set(int which, const struct timer_setting *new, struct timer_setting *old); /* 0 or -ENOMEM */
void interval_timer_get(int which, struct timer_setting *setting);

/* RLIMIT_CPU of PROCESS is not what it was, or it is new. */
void process_limit_processor(struct process *process);

/* The current process executes another program; PROCESS is gone, and nobody refers to it. */
void process_timers_forget(void);
void process_timers_free(struct process *process);
void process_timers_init(void);

/*
 * signal.c, with signal_lock: the signal of a timer is pending no more. INFO, unless it was thrown away, is about to be
 * delivered. And SIGALRM, from whomever.
 */
struct posix_timer;
void timer_signal_taken_locked(struct posix_timer *timer, struct siginfo *info);
void alarm_signal_taken_locked(struct process *process);

#endif
