/*
 * What threads cost: switching, waking, starting, locking; and asking other CPUs.
 */
#include "bench.h"

#include "arch/x86_64/smp.h"
#include "sched/mutex.h"
#include "sched/sched.h"
#include "sched/wait.h"

static bool stop;

static long yield_until_stopped(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        thread_yield();
    return 0;
}

/* A second thread, on CPU. */
static struct thread *companion(long (*function)(void *), unsigned cpu)
{
    struct thread *thread = thread_create_stopped("bench", function, NULL);
    stop = false;
    thread_bind(thread, cpu);
    thread_start(thread);
    return thread;
}

/* There and back are two switches. */
BENCH_EACH(context_switch_by_yield, 2)
{
    struct thread *other = companion(yield_until_stopped, cpu_number());
    thread_yield();
    BENCH_LOOP(rounds)
    thread_yield();
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    thread_join(other);
    return cycles;
}

static struct wait_queue ping = WAIT_QUEUE_INIT(ping), pong = WAIT_QUEUE_INIT(pong);
static uint64_t pings, pongs;

static long play(void *unused)
{
    for (uint64_t next = 1;; next++) {
        wait_event(&ping, pings >= next || stop);
        if (stop)
            return 0;
        pongs = next;
        wait_queue_wake(&pong);
    }
}

static uint64_t play_with(unsigned cpu, uint64_t rounds)
{
    pings = pongs = 0;
    struct thread *other = companion(play, cpu);
    BENCH_LOOP(rounds)
    {
        pings++;
        wait_queue_wake(&ping);
        wait_event(&pong, pongs == pings);
    }
    stop = true;
    wait_queue_wake(&ping);
    thread_join(other);
    return cycles;
}

/* Each of the two blocks until the other wakes it: two wake-ups, and two switches. */
BENCH_EACH(wake_up_and_switch, 2)
{
    return play_with(cpu_number(), rounds);
}

/* The same with the other on a CPU that has nothing else to do. */
BENCH_TWO_CPUS(wake_up_across_cpus, 2)
{
    return play_with(1, rounds);
}

static long do_nothing(void *unused)
{
    return 0;
}

BENCH(thread_create_and_join)
{
    BENCH_LOOP(rounds)
    thread_join(thread_create("bench", do_nothing, NULL));
    return cycles;
}

BENCH(mutex_lock_and_unlock)
{
    static struct mutex mutex;
    mutex_init(&mutex, LOCK_RANK_SUBSYSTEM);
    BENCH_LOOP(rounds)
    {
        mutex_lock(&mutex);
        mutex_unlock(&mutex);
    }
    return cycles;
}

BENCH(spin_lock_and_unlock)
{
    static struct spinlock lock = SPINLOCK_INIT(DEVICE);
    BENCH_LOOP(rounds)
    {
        spin_lock(&lock);
        spin_unlock(&lock);
    }
    return cycles;
}

static void answer(void *unused) {}

/* Both CPUs' instructions: the call, the interrupt, the function, and what the caller does until it is told. */
BENCH_TWO_CPUS(smp_call, 1)
{
    BENCH_LOOP(rounds)
    smp_call(1, answer, NULL);
    return cycles;
}

/* CPU 0 interrupts one other CPU, or all of them, and waits for the answer. */
RATE_OF(smp_call_one, 2, true)
{
    smp_call(cpu + 1, answer, NULL);
}

RATE_OF(smp_call_others, 2, true)
{
    smp_call_others(answer, NULL);
}

RATE(thread_create_and_join)
{
    thread_join(thread_create("bench", do_nothing, NULL));
}
