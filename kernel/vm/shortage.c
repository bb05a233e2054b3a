/*
 * When memory has run out under a program that needs a page: somebody has to go. Who that is, the layer of processes
 * says (struct vm_shortage_ops): it ends all processes that use one address space, which is doomed from then on.
 * Whoever needs memory waits until a doomed space is gone, and tries again:
 *
 *     unsigned tries = 0;
 *     do
 *         error = needs_memory();
 *     while (error == -ENOMEM && vm_await_memory(&tries));
 *
 * One space at a time is doomed. When it does not go within PATIENCE, because its last thread waits for something that
 * we hold perhaps, the next one is.
 *
 * What can be had without that is taken first: empty slabs, and what other CPUs keep (page_shrink).
 *
 * Locks: `choosing` (rank SHORTAGE): one thread at a time looks for a victim. The rest are counters.
 */
#include "vm/vm_internal.h"

#include "sched/mutex.h"
#include "sched/wait.h"
#include "time/clock.h"

#define PATIENCE 1000000000ull /* ns */
#define LOOK_EVERY 20000000ull /* ns; others may give memory back, too */
#define TRIES 16               /* although there is memory: it may be others' each time */

static const struct vm_shortage_ops *shortage;
static struct mutex choosing;
static struct wait_queue relief = WAIT_QUEUE_INIT(relief);
static uint32_t doomed_count; /* spaces that are doomed, and not gone yet */
static uint64_t gone_count;   /* that are gone */
static uint64_t patience_end; /* `choosing` */

void vm_set_shortage(const struct vm_shortage_ops *ops)
{
    mutex_init(&choosing, LOCK_RANK_SHORTAGE);
    __atomic_store_n(&shortage, ops, __ATOMIC_RELEASE);
}

void vm_space_doom(struct vm_space *space)
{
    if (!__atomic_exchange_n(&space->doomed, true, __ATOMIC_RELAXED))
        __atomic_fetch_add(&doomed_count, 1, __ATOMIC_RELAXED);
}

void vm_doomed_gone(void)
{
    __atomic_fetch_sub(&doomed_count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&gone_count, 1, __ATOMIC_RELEASE);
    wait_queue_wake_all(&relief);
}

bool vm_must_leave(void)
{
    return shortage == NULL || shortage->must_leave();
}

/* Nothing can be had without that? */
static bool has_to_doom(void)
{
    page_shrink();
    return page_is_scarce();
}

/* Sees to it that there will be memory. *seen: how many spaces had gone before. False: there is nobody to end. */
static bool doom_one(uint64_t *seen)
{
    mutex_lock(&choosing);
    *seen = __atomic_load_n(&gone_count, __ATOMIC_ACQUIRE);
    bool dying = __atomic_load_n(&doomed_count, __ATOMIC_RELAXED) > 0 && clock_monotonic() < patience_end;
    bool chosen = dying || !has_to_doom() || shortage->choose();
    if (!dying)
        patience_end = clock_monotonic() + PATIENCE;
    mutex_unlock(&choosing);
    return chosen;
}

static bool is_over(uint64_t seen, uint64_t end)
{
    return __atomic_load_n(&gone_count, __ATOMIC_ACQUIRE) != seen || vm_must_leave() || !page_is_scarce() ||
           clock_monotonic() >= end;
}

static void await_relief(uint64_t seen)
{
    struct waiter waiter;
    uint64_t end = clock_monotonic() + PATIENCE;
    while (!is_over(seen, end)) {
        wait_prepare(&relief, &waiter, false);
        if (!is_over(seen, end))
            (void)thread_block_attentive(shortage->leave_bits, clock_monotonic() + LOOK_EVERY);
        wait_finish(&relief, &waiter);
    }
}

bool vm_await_memory(unsigned *tries)
{
    uint64_t seen;
    if (vm_must_leave())
        return false;
    if (!page_is_scarce())
        return ++*tries < TRIES;
    if (!doom_one(&seen))
        return false;
    await_relief(seen);
    return true;
}
