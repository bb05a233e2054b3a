/*
 * From a source of input to whoever takes it, in order, though notices of it may come in any context, on several CPUs
 * at once, and while it is being taken (an echo may make a terminal answer). One of them does the work; the others only
 * leave word that there is more.
 */
#ifndef CORRODE_TTY_FEED_H
#define CORRODE_TTY_FEED_H

#include <stdbool.h>

struct feed {
    bool busy, again;
};

/* TAKE is called with CONTEXT at least once from now on, by us or by whoever is at it. */
static inline void feed_run(struct feed *feed, void (*take)(void *context), void *context)
{
    __atomic_store_n(&feed->again, true, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&feed->again, __ATOMIC_SEQ_CST) && !__atomic_test_and_set(&feed->busy, __ATOMIC_SEQ_CST)) {
        while (__atomic_exchange_n(&feed->again, false, __ATOMIC_SEQ_CST))
            take(context);
        __atomic_clear(&feed->busy, __ATOMIC_SEQ_CST);
    }
}

#endif
