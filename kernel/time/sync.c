/*
 * Comparing the counters of two CPUs by asking for the other's time, over and over: see sync.h.
 *
 *     this CPU   before ---------- after        CPU 0's answer was taken between the two; if the counters are the same,
 *                      \          /             it lies between them. The closest pair of some tries decides, and what
 *     CPU 0             `-- answer              lies within it is taken for equal: a message from one CPU to the other
 *                                               takes as long, so no one can tell the difference.
 *
 * One CPU asks at a time (`lock`). It counts `question` up, and CPU 0 stores its counter and then counts `reply` up to
 * it. The cache lines of the two are the only thing that travels.
 */
#include "time/sync.h"

#include "arch/x86_64/io.h"
#include "arch/x86_64/spinlock.h"

#define QUESTIONS 32
#define GOOD_ERROR 1500        /* cycles; as good as it gets between two CPUs that are not interrupted ... */
#define GOOD_ANSWERS 4         /* ... and so many of those are enough */
#define ENOUGH 10000000ull     /* cycles after which any answer is good enough: the host runs our CPUs by turns */
#define PATIENCE 6000000000ull /* cycles that CPU 0, or its host, may take for an answer: a second or more */

static struct spinlock lock = SPINLOCK_INIT(UNRANKED);

static struct {
    uint64_t question __attribute__((aligned(64)));
    uint64_t reply __attribute__((aligned(64)));
    uint64_t tsc; /* CPU 0's, with the reply */
} mailbox;

void sync_answer(void)
{
    uint64_t question = __atomic_load_n(&mailbox.question, __ATOMIC_ACQUIRE);
    if (question == mailbox.reply)
        return;
    mailbox.tsc = cpu_tsc_ordered();
    __atomic_store_n(&mailbox.reply, question, __ATOMIC_RELEASE);
}

/* One question; false when no answer came. */
static bool ask(struct sync_offset *offset)
{
    uint64_t question = mailbox.question + 1;
    uint64_t before = cpu_tsc_ordered(), after;
    __atomic_store_n(&mailbox.question, question, __ATOMIC_RELEASE);
    do {
        after = cpu_tsc_ordered();
        if (after - before > PATIENCE)
            return false;
    } while (__atomic_load_n(&mailbox.reply, __ATOMIC_ACQUIRE) != question);
    after = cpu_tsc_ordered();
    offset->error = (after - before) / 2 + 1;
    offset->cycles = (int64_t)(mailbox.tsc - (before + (after - before) / 2));
    return true;
}

bool sync_measure(struct sync_offset *best)
{
    best->error = UINT64_MAX;
    spin_lock(&lock);
    uint64_t start = cpu_tsc();
    unsigned good = 0;
    for (int i = 0; i < QUESTIONS && good < GOOD_ANSWERS; i++) {
        struct sync_offset offset;
        if (!ask(&offset))
            break;
        good += offset.error < GOOD_ERROR;
        if (offset.error < best->error)
            *best = offset;
        if (cpu_tsc() - start > ENOUGH)
            break;
    }
    spin_unlock(&lock);
    return best->error < UINT64_MAX;
}
