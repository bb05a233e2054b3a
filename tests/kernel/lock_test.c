/*
 * Locks under contention on all CPUs: nobody is inside with someone who must not be, everybody gets in, and what a lock
 * guards stays whole.
 */
#include "crew.h"

#include "lib/string.h"
#include "mm/slab.h"
#include "sched/mutex.h"

#define MEMBERS_MAX 16
#define ROUNDS 600

static unsigned members(void)
{
    return (unsigned)min_u64(3 * crew_cpus(), MEMBERS_MAX);
}

static struct crew_clock torture;

/* One for each member of a crew that is about to start. */
static uint32_t *seeds(void)
{
    static uint32_t values[MEMBERS_MAX];
    for (uint32_t i = 0; i < MEMBERS_MAX; i++)
        values[i] = i * 15485863 + 1;
    crew_clock_start(&torture);
    return values;
}

/* What the locks guard: two counters that are equal whenever no writer is inside. */
static struct {
    uint32_t writers, readers;
    volatile uint64_t first, second;
} room;

static void enter_writer(void)
{
    if (__atomic_fetch_add(&room.writers, 1, __ATOMIC_SEQ_CST) != 0)
        KTEST_FAIL("two writers are inside");
    if (__atomic_load_n(&room.readers, __ATOMIC_SEQ_CST) != 0)
        KTEST_FAIL("a writer came in to readers");
    room.first++;
}

static void leave_writer(void)
{
    room.second++;
    __atomic_fetch_sub(&room.writers, 1, __ATOMIC_SEQ_CST);
}

static void enter_reader(void)
{
    __atomic_fetch_add(&room.readers, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&room.writers, __ATOMIC_SEQ_CST) != 0)
        KTEST_FAIL("a reader came in to a writer");
    if (room.first != room.second)
        KTEST_FAIL("a reader saw what is not whole");
}

static void leave_reader(void)
{
    if (room.first != room.second)
        KTEST_FAIL("what a reader saw changed");
    __atomic_fetch_sub(&room.readers, 1, __ATOMIC_SEQ_CST);
}

/* Some time inside: none, a little, a preemption, a sleep. */
static void linger(uint32_t *chance, bool may_sleep)
{
    switch (crew_random(chance) % (may_sleep ? 16 : 8)) {
    case 0:
    case 1: crew_spin(crew_random(chance) % 100); break;
    case 8:
    case 9: thread_yield(); break;
    case 10: thread_sleep(crew_random(chance) % (20 * NS_PER_US)); break;
    default: break;
    }
}

static void check_room(uint64_t writes)
{
    KTEST_EQUAL(room.writers, 0);
    KTEST_EQUAL(room.readers, 0);
    KTEST_EQUAL(room.first, writes);
    KTEST_EQUAL(room.second, writes);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Mutexes
 */

static struct mutex mutex;

static long use_mutex(void *argument)
{
    uint32_t chance = *(uint32_t *)argument;
    long entered = 0;
    while (entered < ROUNDS && crew_clock_runs(&torture)) {
        if (crew_random(&chance) % 8)
            mutex_lock(&mutex);
        else if (!mutex_try_lock(&mutex)) {
            thread_yield();
            continue;
        }
        enter_writer();
        KTEST_CHECK(mutex_is_mine(&mutex));
        linger(&chance, true);
        leave_writer();
        mutex_unlock(&mutex);
        KTEST_CHECK(!mutex_is_mine(&mutex));
        entered++;
        linger(&chance, true);
    }
    return entered;
}

KTEST(lock_mutex_torture)
{
    memset(&room, 0, sizeof room);
    mutex_init(&mutex, LOCK_RANK_SUBSYSTEM);
    long entered = crew_run(members(), use_mutex, seeds(), sizeof(uint32_t));
    KTEST_CHECK(entered > 0);
    check_room((uint64_t)entered);
    KTEST_EQUAL(mutex.owner, 0);
    KTEST_CHECK(list_is_empty(&mutex.waiters));
}

static bool greedy_stop;

/* Gives the mutex back only to take it at once. */
static long be_greedy(void *unused)
{
    long entered = 0;
    while (!__atomic_load_n(&greedy_stop, __ATOMIC_RELAXED)) {
        mutex_lock(&mutex);
        crew_spin(200);
        mutex_unlock(&mutex);
        entered++;
    }
    return entered;
}

KTEST(lock_mutex_starves_nobody)
{
    struct crew greedy;
    mutex_init(&mutex, LOCK_RANK_SUBSYSTEM);
    greedy_stop = false;
    crew_start(&greedy, 2 * crew_cpus(), be_greedy, NULL, 0);
    uint64_t start = clock_monotonic();
    crew_clock_start(&torture);
    do {
        mutex_lock(&mutex);
        mutex_unlock(&mutex);
        thread_sleep(100 * NS_PER_US);
    } while (crew_clock_runs(&torture));
    KTEST_CHECK(clock_monotonic() - start < CREW_PATIENCE);
    __atomic_store_n(&greedy_stop, true, __ATOMIC_RELAXED);
    KTEST_CHECK(crew_join(&greedy) > 0);
}

/* An object that frees itself with its last user, its own mutex in it. */
struct object {
    struct mutex mutex;
    unsigned users;
};

static long drop_object(void *argument)
{
    struct object *object = *(struct object **)argument;
    mutex_lock(&object->mutex);
    bool last = --object->users == 0;
    mutex_unlock(&object->mutex);
    if (!last)
        return 0;
    memset(object, 0xbb, sizeof *object);
    crew_spin(200);
    for (size_t i = 0; i < sizeof *object; i++)
        KTEST_CHECK(((volatile uint8_t *)object)[i] == 0xbb);
    kfree(object);
    return 1;
}

KTEST(lock_mutex_may_be_freed_by_its_last_holder)
{
    for (int round = 0; round < 60; round++) {
        struct object *object = kmalloc(sizeof *object, 0);
        if (!KTEST_CHECK(object != NULL))
            return;
        mutex_init(&object->mutex, LOCK_RANK_SUBSYSTEM);
        object->users = 6;
        KTEST_EQUAL(crew_run(object->users, drop_object, &object, 0), 1);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Readers and writers
 */

static struct rwlock rwlock;

static long use_rwlock(void *argument)
{
    uint32_t chance = *(uint32_t *)argument;
    long writes = 0;
    for (int i = 0; i < ROUNDS && crew_clock_runs(&torture); i++) {
        if (crew_random(&chance) % 4 == 0) {
            rwlock_write(&rwlock);
            enter_writer();
            linger(&chance, true);
            leave_writer();
            rwlock_write_unlock(&rwlock);
            writes++;
        } else {
            rwlock_read(&rwlock);
            enter_reader();
            linger(&chance, true);
            leave_reader();
            rwlock_read_unlock(&rwlock);
        }
    }
    return writes;
}

KTEST(lock_rwlock_torture)
{
    memset(&room, 0, sizeof room);
    rwlock_init(&rwlock, LOCK_RANK_SUBSYSTEM);
    check_room((uint64_t)crew_run(members(), use_rwlock, seeds(), sizeof(uint32_t)));
    KTEST_CHECK(list_is_empty(&rwlock.waiters) && rwlock.readers == 0 && rwlock.writer == NULL);
}

static long read_once(void *unused)
{
    rwlock_read(&rwlock);
    rwlock_read_unlock(&rwlock);
    return 1;
}

/* Whether two come together in the torture is chance, where there are fewer processors than CPUs. */
KTEST(lock_rwlock_lets_readers_in_together)
{
    struct thread *other;
    rwlock_init(&rwlock, LOCK_RANK_SUBSYSTEM);
    rwlock_read(&rwlock);
    if (KTEST_CHECK((other = thread_create("reader", read_once, NULL)) != NULL))
        KTEST_EQUAL(thread_join(other), 1);
    rwlock_read_unlock(&rwlock);
}

static long read_without_end(void *unused)
{
    while (!__atomic_load_n(&greedy_stop, __ATOMIC_RELAXED)) {
        rwlock_read(&rwlock);
        thread_sleep(50 * NS_PER_US); /* readers overlap */
        rwlock_read_unlock(&rwlock);
    }
    return 0;
}

KTEST(lock_rwlock_writer_gets_in)
{
    struct crew readers;
    rwlock_init(&rwlock, LOCK_RANK_SUBSYSTEM);
    greedy_stop = false;
    crew_start(&readers, 6, read_without_end, NULL, 0);
    uint64_t start = clock_monotonic();
    crew_clock_start(&torture);
    do {
        rwlock_write(&rwlock);
        rwlock_write_unlock(&rwlock);
    } while (crew_clock_runs(&torture));
    KTEST_CHECK(clock_monotonic() - start < CREW_PATIENCE);
    __atomic_store_n(&greedy_stop, true, __ATOMIC_RELAXED);
    crew_join(&readers);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The spinning kinds
 */

#define SPIN_ROUNDS 5000

static struct spinlock spinlock;
static struct rwspinlock rwspinlock;

static long use_spinlock(void *argument)
{
    uint32_t chance = *(uint32_t *)argument;
    long entered = 0;
    for (int i = 0; i < SPIN_ROUNDS && crew_clock_runs(&torture); i++) {
        if (crew_random(&chance) % 4)
            spin_lock(&spinlock);
        else if (!spin_try_lock(&spinlock))
            continue;
        KTEST_CHECK(!cpu_interrupts_are_on() && spin_is_locked(&spinlock));
        enter_writer();
        linger(&chance, false);
        leave_writer();
        spin_unlock(&spinlock);
        KTEST_CHECK(cpu_interrupts_are_on());
        entered++;
    }
    return entered;
}

KTEST(lock_spinlock_torture)
{
    memset(&room, 0, sizeof room);
    spin_lock_init(&spinlock, LOCK_RANK_DEVICE);
    check_room((uint64_t)crew_run(members(), use_spinlock, seeds(), sizeof(uint32_t)));
}

static long use_rwspinlock(void *argument)
{
    uint32_t chance = *(uint32_t *)argument;
    long writes = 0;
    for (int i = 0; i < SPIN_ROUNDS && crew_clock_runs(&torture); i++) {
        if (crew_random(&chance) % 4 == 0) {
            rwspin_write(&rwspinlock);
            KTEST_CHECK(!cpu_interrupts_are_on());
            enter_writer();
            linger(&chance, false);
            leave_writer();
            rwspin_write_unlock(&rwspinlock);
            writes++;
        } else {
            bool interrupts = rwspin_read(&rwspinlock);
            KTEST_CHECK(!cpu_interrupts_are_on());
            enter_reader();
            linger(&chance, false);
            leave_reader();
            rwspin_read_unlock(&rwspinlock, interrupts);
        }
        KTEST_CHECK(cpu_interrupts_are_on());
    }
    return writes;
}

KTEST(lock_rwspinlock_torture)
{
    memset(&room, 0, sizeof room);
    rwspin_init(&rwspinlock, LOCK_RANK_DEVICE);
    check_room((uint64_t)crew_run(members(), use_rwspinlock, seeds(), sizeof(uint32_t)));
    KTEST_EQUAL(rwspinlock.state, 0);
}

static void run_death(long (*function)(void *))
{
    mutex_init(&mutex, LOCK_RANK_SUBSYSTEM);
    struct thread *thread = thread_create("death", function, NULL);
    if (thread)
        thread_join(thread);
}

#ifdef DEBUG
static long keep_mutex(void *unused)
{
    mutex_lock(&mutex);
    return 0;
}

KDEATH(thread_ends_with_mutex)
{
    run_death(keep_mutex);
}
#endif

static long lock_twice(void *unused)
{
    mutex_lock(&mutex);
    mutex_lock(&mutex);
    return 0;
}

KDEATH(mutex_twice)
{
    run_death(lock_twice);
}

static long hold_mutex(void *unused)
{
    mutex_lock(&mutex);
    thread_sleep_until(THREAD_FOREVER);
    return 0;
}

KDEATH(mutex_of_another)
{
    mutex_init(&mutex, LOCK_RANK_SUBSYSTEM);
    thread_create("holder", hold_mutex, NULL);
    while (mutex_try_lock(&mutex)) {
        mutex_unlock(&mutex);
        thread_sleep(NS_PER_MS);
    }
    mutex_unlock(&mutex);
}
