/*
 * Timers: a function to call at a time. Each CPU has a queue of its own, ordered by time (a red-black tree), and
 * programs its local APIC for the earliest; nothing ticks. A timer fires on the CPU where it was started.
 *
 * The function runs in the timer interrupt, with interrupts off and the timer no longer queued, so it may start it
 * again or free it. It never runs before its time.
 */
#ifndef CORRODE_TIME_TIMER_H
#define CORRODE_TIME_TIMER_H

#include "lib/rbtree.h"
#include "time/clock.h"

struct timer {
    struct rb_node node;
    uint64_t expires; /* clock_monotonic */
    void (*function)(struct timer *timer);
    uint16_t cpu;  /* whose queue's lock guards it */
    uint8_t state; /* timer.c: TIMER_QUEUED, TIMER_STRAY */
};

void timer_init(struct timer *timer, void (*function)(struct timer *timer));

/* Queues it on this CPU; moves it when it was queued. Any context but NMI; locks below TIMERS may be held. */
void timer_start(struct timer *timer, uint64_t expires);

/*
 * Takes it out; true when it was queued and will not fire. timer_stop does not wait for a function that is running on
 * another CPU; timer_stop_wait does (interrupts on, no lock held that the function takes), also when that starts the
 * timer again. Called by the timer's own function, it does not wait for itself.
 */
bool timer_stop(struct timer *timer);
bool timer_stop_wait(struct timer *timer);

bool timer_is_queued(const struct timer *timer);

void timers_init_early(void); /* on the boot CPU, after interrupt_init: begins to measure its timer */
void timers_init_cpu(void);   /* on each CPU, the boot CPU's first: after interrupt_init and clock_init */
uint64_t timer_pending_count(void);

#endif
