/*
 * Hunts for lost wake-ups: whoever sleeps must be woken, in every interleaving that a few thousand rounds on all CPUs
 * come across. A lost one shows as a crew that does not come to its end.
 */
#include "crew.h"

#include "lib/string.h"
#include "mm/slab.h"
#include "sched/mutex.h"

#define ROUNDS 1500
#define PAIRS_MAX 12

static struct crew_clock torture;

static unsigned pairs(void)
{
    return (unsigned)min_u64(2 * crew_cpus(), PAIRS_MAX);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Wait queues
 */

struct ball {
    struct wait_queue queue;
    uint32_t turn;
    bool over;
};

struct player {
    struct ball *ball;
    uint32_t side;
    uint32_t chance;
    bool timed;
};

static bool has_turn(const struct player *player)
{
    return __atomic_load_n(&player->ball->turn, __ATOMIC_ACQUIRE) % 2 == player->side ||
           __atomic_load_n(&player->ball->over, __ATOMIC_ACQUIRE);
}

static long play(void *argument)
{
    struct player *player = argument;
    struct wait_queue *queue = &player->ball->queue;
    for (unsigned round = 0; round < ROUNDS && crew_clock_runs(&torture); round++) {
        if (player->timed)
            while (!wait_event_until(
                queue, has_turn(player), clock_monotonic() + crew_random(&player->chance) % (100 * NS_PER_US)))
                ;
        else
            wait_event(queue, has_turn(player));
        if (crew_random(&player->chance) % 8 == 0)
            crew_spin(crew_random(&player->chance) % 200);
        __atomic_fetch_add(&player->ball->turn, 1, __ATOMIC_RELEASE);
        wait_queue_wake_all(queue);
    }
    __atomic_store_n(&player->ball->over, true, __ATOMIC_RELEASE);
    wait_queue_wake_all(queue);
    return 1;
}

static void ping_pong(bool timed)
{
    static struct ball balls[PAIRS_MAX];
    static struct player players[2 * PAIRS_MAX];
    for (unsigned i = 0; i < 2 * pairs(); i++) {
        players[i] = (struct player){&balls[i / 2], i % 2, i * 7919 + 1, timed};
        wait_queue_init(&balls[i / 2].queue);
        balls[i / 2].turn = 0;
        balls[i / 2].over = false;
    }
    crew_clock_start(&torture);
    KTEST_EQUAL(crew_run(2 * pairs(), play, players, sizeof players[0]), 2 * pairs());
    for (unsigned i = 0; i < pairs(); i++)
        KTEST_CHECK(wait_queue_is_empty(&balls[i].queue));
}

KTEST(wakeup_ping_pong)
{
    ping_pong(false);
}

KTEST(wakeup_ping_pong_with_deadlines)
{
    ping_pong(true);
}

/* Tokens, for exclusive waiters: every wake-up must reach one who takes a token, also when others barge in. */
static struct {
    struct wait_queue queue;
    int32_t tokens;
    bool over; /* no more will come */
} store;

static bool take_token(void)
{
    int32_t tokens = __atomic_load_n(&store.tokens, __ATOMIC_ACQUIRE);
    while (tokens > 0)
        if (__atomic_compare_exchange_n(&store.tokens, &tokens, tokens - 1, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return true;
    return false;
}

/* Takes a token, or sleeps until it may have one; false when no more will come. */
static bool wait_for_token(void)
{
    struct waiter waiter;
    bool mine = false, over = false;
    while (!mine && !over) {
        wait_prepare(&store.queue, &waiter, true);
        mine = take_token();
        over = __atomic_load_n(&store.over, __ATOMIC_ACQUIRE);
        if (!mine && !over)
            thread_block();
        wait_finish(&store.queue, &waiter);
    }
    return mine;
}

static long consume(void *unused)
{
    long consumed = 0;
    while (take_token() || wait_for_token())
        consumed++;
    return consumed;
}

static long produce(void *argument)
{
    uint32_t chance = *(uint32_t *)argument;
    long produced = 0;
    while (produced < ROUNDS && crew_clock_runs(&torture)) {
        __atomic_fetch_add(&store.tokens, 1, __ATOMIC_RELEASE);
        wait_queue_wake(&store.queue);
        produced++;
        if (crew_random(&chance) % 16 == 0)
            thread_yield();
    }
    return produced;
}

KTEST(wakeup_of_one_is_never_wasted)
{
    uint32_t seeds[PAIRS_MAX];
    struct crew consumers;
    wait_queue_init(&store.queue);
    store.tokens = 0;
    store.over = false;
    for (uint32_t i = 0; i < PAIRS_MAX; i++)
        seeds[i] = i + 1;
    crew_start(&consumers, pairs(), consume, NULL, 0);
    crew_clock_start(&torture);
    long produced = crew_run(pairs(), produce, seeds, sizeof seeds[0]);
    uint64_t deadline = clock_monotonic() + CREW_PATIENCE;
    while (__atomic_load_n(&store.tokens, __ATOMIC_ACQUIRE) > 0 && clock_monotonic() < deadline)
        thread_sleep(NS_PER_MS); /* nobody wakes the consumers any more */
    KTEST_EQUAL(store.tokens, 0);
    __atomic_store_n(&store.over, true, __ATOMIC_RELEASE);
    wait_queue_wake_all(&store.queue);
    KTEST_EQUAL(crew_join(&consumers), produced);
}

struct alarmed {
    struct wait_queue queue;
    bool flag;
};

static long wait_alarmed(void *argument)
{
    struct alarmed *alarmed = argument;
    return wait_event_until(
        &alarmed->queue, __atomic_load_n(&alarmed->flag, __ATOMIC_ACQUIRE), clock_monotonic() + 30 * NS_PER_SECOND);
}

KTEST(wakeup_of_all_wakes_all)
{
    struct alarmed alarmed = {.flag = false};
    struct crew crew;
    wait_queue_init(&alarmed.queue);
    crew_start(&crew, 16, wait_alarmed, &alarmed, 0);
    thread_sleep(NS_PER_MS);
    __atomic_store_n(&alarmed.flag, true, __ATOMIC_RELEASE);
    KTEST_CHECK(wait_queue_wake_all(&alarmed.queue) <= 16);
    KTEST_EQUAL(crew_join(&crew), 16);
}

KTEST(wakeup_deadline_is_kept)
{
    struct wait_queue queue;
    wait_queue_init(&queue);
    for (int i = 0; i < 20; i++) {
        uint64_t deadline = clock_monotonic() + (uint64_t)i * 50 * NS_PER_US;
        KTEST_CHECK(!wait_event_until(&queue, false, deadline));
        KTEST_CHECK(clock_monotonic() >= deadline);
    }
    KTEST_CHECK(wait_event_until(&queue, true, 0));
    KTEST_CHECK(wait_queue_is_empty(&queue));
    KTEST_EQUAL(wait_queue_wake_all(&queue), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Semaphores and completions
 */

static struct semaphore units;
static uint32_t taken_units, given_units;

static long take_units(void *argument)
{
    uint32_t chance = *(uint32_t *)argument;
    for (unsigned i = 0; i < ROUNDS && crew_clock_runs(&torture); i++) {
        bool mine = true;
        if (crew_random(&chance) % 2)
            mine = semaphore_down_until(&units, clock_monotonic() + crew_random(&chance) % (50 * NS_PER_US));
        else
            semaphore_down(&units);
        if (mine)
            __atomic_fetch_add(&taken_units, 1, __ATOMIC_RELAXED);
        if (mine && crew_random(&chance) % 4) {
            __atomic_fetch_add(&given_units, 1, __ATOMIC_RELAXED);
            semaphore_up(&units);
        }
        if (mine && crew_random(&chance) % 8 == 0)
            crew_spin(100);
    }
    return 1;
}

static bool feeding;

static long feed(void *unused)
{
    while (__atomic_load_n(&feeding, __ATOMIC_RELAXED)) {
        __atomic_fetch_add(&given_units, 1, __ATOMIC_RELAXED);
        semaphore_up(&units);
        thread_sleep(20 * NS_PER_US);
    }
    return 0;
}

KTEST(wakeup_semaphore_loses_no_unit)
{
    uint32_t seeds[PAIRS_MAX];
    struct crew feeder;
    semaphore_init(&units, 2);
    taken_units = 0;
    given_units = 2;
    feeding = true;
    for (uint32_t i = 0; i < PAIRS_MAX; i++)
        seeds[i] = i * 31 + 1;
    crew_clock_start(&torture);
    crew_start(&feeder, 1, feed, NULL, 0);
    KTEST_EQUAL(crew_run(pairs(), take_units, seeds, sizeof seeds[0]), pairs());
    __atomic_store_n(&feeding, false, __ATOMIC_RELAXED);
    crew_join(&feeder);
    KTEST_EQUAL(units.count, given_units - taken_units);
    KTEST_CHECK(list_is_empty(&units.waiters));
}

static void up_from_timer(struct timer *timer)
{
    semaphore_up(&units);
}

KTEST(wakeup_semaphore_from_an_interrupt)
{
    struct timer timer;
    semaphore_init(&units, 0);
    timer_init(&timer, up_from_timer);
    for (int i = 0; i < 50; i++) {
        timer_start(&timer, clock_monotonic() + (uint64_t)(i % 5) * 20 * NS_PER_US);
        KTEST_CHECK(semaphore_down_until(&units, clock_monotonic() + CREW_PATIENCE));
        timer_stop_wait(&timer);
    }
    KTEST_EQUAL(units.count, 0);
}

static struct completion *volatile current_completion;
static bool no_more_completions;

/* Signals whatever completion is laid before it. */
static long signal_completions(void *unused)
{
    long signalled = 0;
    while (!__atomic_load_n(&no_more_completions, __ATOMIC_RELAXED)) {
        struct completion *completion = __atomic_exchange_n(&current_completion, NULL, __ATOMIC_ACQ_REL);
        if (completion) {
            completion_signal(completion);
            signalled++;
        } else if (signalled % 3 == 0)
            thread_yield();
    }
    return signalled;
}

/* The waiter throws the completion away the moment that it has seen it. */
KTEST(wakeup_completion_may_go_at_once)
{
    struct crew crew;
    uint32_t rounds = 0;
    no_more_completions = false;
    crew_start(&crew, 2, signal_completions, NULL, 0);
    crew_clock_start(&torture);
    for (; rounds < ROUNDS && crew_clock_runs(&torture); rounds++) {
        struct completion *completion = kmalloc(sizeof *completion, 0);
        if (!KTEST_CHECK(completion != NULL))
            break;
        completion_init(completion);
        __atomic_store_n(&current_completion, completion, __ATOMIC_RELEASE);
        if (rounds % 2)
            crew_spin(rounds % 100);
        completion_wait(completion);
        memset(completion, 0xaa, sizeof *completion);
        crew_spin(10);
        for (size_t byte = 0; byte < sizeof *completion; byte++)
            KTEST_CHECK(((volatile uint8_t *)completion)[byte] == 0xaa);
        kfree(completion);
    }
    __atomic_store_n(&no_more_completions, true, __ATOMIC_RELAXED);
    KTEST_EQUAL(crew_join(&crew), rounds);
}

static long wait_completion(void *argument)
{
    completion_wait(argument);
    return 1;
}

KTEST(wakeup_completion_is_for_all_and_for_ever)
{
    struct completion completion;
    struct crew crew;
    completion_init(&completion);
    crew_start(&crew, 10, wait_completion, &completion, 0);
    thread_sleep(NS_PER_MS);
    completion_signal(&completion);
    KTEST_EQUAL(crew_join(&crew), 10);
    completion_wait(&completion);
}
