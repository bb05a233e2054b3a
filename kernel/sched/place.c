/*
 * Which CPU a thread goes to. Nothing here asks every CPU of a large machine: idle CPUs and those where threads wait
 * are bits in two masks, and whoever compares loads looks at a few CPUs, others each time.
 *
 *   - A thread that wakes up goes back to its last CPU when that is idle; else to the CPU that wakes it, if idle (an
 *     interrupt woke that); else to any idle CPU; else it waits at its last CPU.
 *   - A new thread goes to an idle CPU, or to the least loaded of a few.
 *   - A CPU that runs out of work pulls a thread from one where some wait (sched_pull).
 *   - A CPU where threads wait looks at a few others from its slice timer, and pushes a thread to an idle one, or one
 *     that has enough less to do (sched_push). When one thread too many makes the whole difference, moving it would
 * only turn the tables; yet that is done now and then, so that three threads on two CPUs get equal shares in the long
 *     run.
 *
 * Of several threads that could move, the one that has been on its CPU longest does: so the same one is not moved to
 * and fro. The masks are hints; the truth is under the run queues' locks.
 */
#include "sched/sched.h"
#include "sched/sched_internal.h"

#define PUSH_INTERVAL (4 * NS_PER_MS)    /* between looks at other CPUs */
#define ROTATE_INTERVAL (24 * NS_PER_MS) /* between moves that only turn the tables */
#define SAMPLES 4                        /* CPUs looked at */
#define CANDIDATES 8                     /* threads looked at, when one is to move */

struct cpu_mask sched_cpus, sched_idle_cpus, sched_full_cpus;

#define MASK_WORDS (CPU_MAX / 64)

/* So many words of a mask have bits of CPUs that there are. */
static unsigned words_used(void)
{
    return (__atomic_load_n(&cpu_count, __ATOMIC_RELAXED) + 63) / 64;
}

static uint64_t mask_word(const struct cpu_mask *mask, unsigned i)
{
    return __atomic_load_n(&mask->bits[i], __ATOMIC_RELAXED);
}

static uint32_t load_of(unsigned cpu)
{
    return __atomic_load_n(&run_queue_of(cpu)->fair.count, __ATOMIC_RELAXED);
}

/* Takes the bit of an idle CPU that THREAD may use, from the neighbourhood of NEAR; -1: there is none. */
static int claim_idle(const struct thread *thread, unsigned near)
{
    for (unsigned i = 0, word = near / 64, words = words_used(); i < words; i++, word++) {
        word = word < words ? word : 0;
        uint64_t usable = mask_word(&sched_idle_cpus, word) & mask_word(&thread->allowed, word);
        for (; usable; usable &= usable - 1) {
            uint64_t bit = usable & -usable;
            if (__atomic_fetch_and(&sched_idle_cpus.bits[word], ~bit, __ATOMIC_ACQ_REL) & bit)
                return (int)(word * 64 + (unsigned)__builtin_ctzll(bit));
        }
    }
    return -1;
}

static unsigned any_allowed(const struct thread *thread)
{
    for (unsigned i = 0; i < MASK_WORDS; i++) {
        uint64_t usable = mask_word(&sched_cpus, i) & mask_word(&thread->allowed, i);
        if (usable)
            return i * 64 + (unsigned)__builtin_ctzll(usable);
    }
    return cpu_number(); /* does not happen: thread_set_allowed has seen to it */
}

static bool is_idle_for(const struct thread *thread, unsigned cpu)
{
    return load_of(cpu) == 0 && cpu_mask_has(&thread->allowed, cpu);
}

unsigned sched_choose_cpu(const struct thread *thread)
{
    unsigned last = thread->cpu, here = cpu_number();
    if (is_idle_for(thread, last))
        return last;
    if (is_idle_for(thread, here))
        return here;
    int idle = claim_idle(thread, last);
    if (idle >= 0)
        return (unsigned)idle;
    return cpu_mask_has(&thread->allowed, last) ? last : any_allowed(thread);
}

/* Calls for a few other CPUs, different ones each time. */
static unsigned next_sample(struct run_queue *queue)
{
    unsigned count = __atomic_load_n(&cpu_count, __ATOMIC_ACQUIRE);
    queue->push_cursor = queue->push_cursor + 1 < count ? queue->push_cursor + 1 : 0;
    return queue->push_cursor;
}

unsigned sched_choose_new_cpu(const struct thread *thread)
{
    struct run_queue *queue = this_cpu_pointer(run_queue);
    int idle = claim_idle(thread, queue->cpu);
    if (idle >= 0)
        return (unsigned)idle;
    unsigned best = cpu_mask_has(&thread->allowed, queue->cpu) ? queue->cpu : any_allowed(thread);
    for (unsigned i = 0; i < SAMPLES; i++) {
        unsigned cpu = next_sample(queue);
        if (cpu_mask_has(&sched_cpus, cpu) && cpu_mask_has(&thread->allowed, cpu) && load_of(cpu) < load_of(best))
            best = cpu;
    }
    return best;
}

/* Of the threads that wait in QUEUE and may run on CPU, the one that has been there longest. */
static struct thread *oldest_candidate(struct run_queue *queue, unsigned cpu)
{
    struct thread *oldest = NULL;
    struct rb_node *node = rb_first(&queue->fair.tree);
    for (unsigned i = 0; node && i < CANDIDATES; i++, node = rb_next(node)) {
        struct thread *thread = container_of(node, struct thread, fair.node);
        if (cpu_mask_has(&thread->allowed, cpu) && (!oldest || thread->arrived < oldest->arrived))
            oldest = thread;
    }
    return oldest;
}

/* Takes a waiting thread out of FROM's queue, MOVING to CPU; NULL: none waits that may. */
static struct thread *take_from(struct run_queue *from, unsigned cpu)
{
    struct thread *thread = NULL;
    spin_lock(&from->lock);
    if (from->fair.count >= 2)
        thread = oldest_candidate(from, cpu);
    else
        cpu_mask_remove(&sched_full_cpus, from->cpu);
    if (thread)
        sched_depart(from, thread, cpu);
    spin_unlock(&from->lock);
    return thread;
}

bool sched_pull(struct run_queue *queue)
{
    for (unsigned i = 0, word = queue->cpu / 64, words = words_used(); i < words; i++, word++) {
        word = word < words ? word : 0;
        for (uint64_t full = mask_word(&sched_full_cpus, word); full; full &= full - 1) {
            unsigned cpu = word * 64 + (unsigned)__builtin_ctzll(full);
            struct thread *thread = cpu == queue->cpu ? NULL : take_from(run_queue_of(cpu), queue->cpu);
            if (!thread)
                continue;
            queue->counts.pulled++;
            sched_arrive(thread);
            return true;
        }
    }
    return false;
}

/* Should a thread go from QUEUE to CPU? Loads are in threads' weights. */
static bool is_better_there(struct run_queue *queue, const struct thread *thread, unsigned cpu, bool rotate)
{
    uint64_t here = queue->fair.weight;
    uint64_t there = __atomic_load_n(&run_queue_of(cpu)->fair.weight, __ATOMIC_RELAXED) + thread->fair.weight;
    return there + (rotate ? 0 : thread->fair.weight) <= here;
}

/* Looks for a thread that would be better off on CPU, and sends it there. */
static bool push_to(struct run_queue *queue, unsigned cpu, bool rotate)
{
    spin_lock(&queue->lock);
    struct thread *thread = queue->fair.count < 2 ? NULL : oldest_candidate(queue, cpu);
    if (thread && !is_better_there(queue, thread, cpu, rotate))
        thread = NULL;
    if (thread)
        sched_depart(queue, thread, cpu);
    spin_unlock(&queue->lock);
    if (!thread)
        return false;
    queue->counts.pushed++;
    sched_arrive(thread);
    return true;
}

void sched_push(struct run_queue *queue, uint64_t now)
{
    bool rotate = now >= queue->next_rotate;
    queue->next_push = now + PUSH_INTERVAL;
    for (unsigned i = 0; i < SAMPLES; i++) {
        unsigned cpu = next_sample(queue);
        if (cpu == queue->cpu || !cpu_mask_has(&sched_cpus, cpu) || !push_to(queue, cpu, rotate))
            continue;
        queue->next_rotate = now + ROTATE_INTERVAL;
        return;
    }
}
