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
    uint16_t cpu;  /* whose queue; valid while queued or running */
    uint8_t state; /* idle, queued, running */
};

void timer_init(struct timer *timer, void (*function)(struct timer *timer));

/* Queues it on this CPU; moves it when it was queued. Any context. */
void timer_start(struct timer *timer, uint64_t expires);

/*
 * Takes it out; true when it was queued and will not fire. timer_stop does not wait for a function that is running on
 * another CPU; timer_stop_wait does (interrupts on, no lock held that the function takes).
 */
bool timer_stop(struct timer *timer);
bool timer_stop_wait(struct timer *timer);

bool timer_is_queued(const struct timer *timer);

void timers_init_cpu(void); /* on each CPU, the boot CPU's first: after interrupt_init and clock_init */
uint64_t timer_pending_count(void);

#endif
