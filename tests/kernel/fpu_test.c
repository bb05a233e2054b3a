/*
 * Floating-point and vector registers of threads: nobody's are lost or seen by another, however threads are switched
 * and moved; and they are loaded only when they must be.
 *
 * The kernel is compiled without such registers, so all that touches them is assembly here.
 */
#include "ktest.h"
#include "on_cpus.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/preempt.h"
#include "lib/string.h"
#include "sched/sched.h"
#include "time/clock.h"

/* What a thread can see: 16 registers of 32 bytes (of 16 without AVX), the control words, an x87 register. */
struct registers {
    uint64_t vectors[16][4];
    uint64_t x87;
    uint32_t mxcsr;
    uint16_t fcw;
};

#define EACH_REGISTER(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define LOAD_XMM(n) "movups 32*" #n "(%0), %%xmm" #n "\n"
#define LOAD_YMM(n) "vmovups 32*" #n "(%0), %%ymm" #n "\n"
#define STORE_XMM(n) "movups %%xmm" #n ", 32*" #n "(%0)\n"
#define STORE_YMM(n) "vmovups %%ymm" #n ", 32*" #n "(%0)\n"

static bool has_avx(void)
{
    if (!cpu_has(CPU_XSAVE) || !cpu_has(CPU_AVX))
        return false;
    uint32_t enabled, high;
    __asm__ volatile("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    return enabled & 4;
}

static void put(const struct registers *r)
{
    if (has_avx())
        __asm__ volatile(EACH_REGISTER(LOAD_YMM) : : "r"(r->vectors) : "memory");
    else
        __asm__ volatile(EACH_REGISTER(LOAD_XMM) : : "r"(r->vectors) : "memory");
    __asm__ volatile("fninit; fldcw %0; ldmxcsr %1; fildll %2" : : "m"(r->fcw), "m"(r->mxcsr), "m"(r->x87));
}

static void get(struct registers *r)
{
    memset(r, 0, sizeof *r);
    if (has_avx())
        __asm__ volatile(EACH_REGISTER(STORE_YMM) : : "r"(r->vectors) : "memory");
    else
        __asm__ volatile(EACH_REGISTER(STORE_XMM) : : "r"(r->vectors) : "memory");
    __asm__ volatile("fnstcw %0; stmxcsr %1; fistpll %2; fildll %2" : "=m"(r->fcw), "=m"(r->mxcsr), "+m"(r->x87));
}

static struct registers pattern(uint64_t seed)
{
    struct registers r;
    memset(&r, 0, sizeof r);
    for (unsigned i = 0; i < 16; i++)
        for (unsigned j = 0; j < (has_avx() ? 4 : 2); j++)
            r.vectors[i][j] = seed * 0x9e3779b97f4a7c15 + i * 4 + j;
    r.x87 = seed + 1;
    r.mxcsr = seed & 1 ? 0x1f80 : 0x7f80; /* rounding modes */
    r.fcw = seed & 2 ? 0x37f : 0xf7f;
    return r;
}

static bool holds(const struct registers *wanted)
{
    struct registers got;
    get(&got);
    return memcmp(&got, wanted, sizeof got) == 0;
}

static struct thread_fpu *mine(void)
{
    return &thread_current()->fpu;
}

/* ------------------------------------------------------------------------------------------------------------------
 */

struct crowd {
    uint64_t end;
    unsigned failures, checks, seed;
    bool yields, moves;
};

static long check_registers(void *argument)
{
    struct crowd *crowd = argument;
    uint64_t seed = __atomic_fetch_add(&crowd->seed, 1, __ATOMIC_RELAXED);
    struct registers wanted = pattern(seed);
    if (fpu_enable(mine()) < 0)
        return 1;
    put(&wanted);
    for (unsigned round = 0; clock_monotonic() < crowd->end; round++) {
        if (!holds(&wanted))
            __atomic_fetch_add(&crowd->failures, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&crowd->checks, 1, __ATOMIC_RELAXED);
        if (crowd->moves && round % 8 == 0)
            thread_bind(thread_current(), (unsigned)(seed + round / 8) % cpu_count);
        if (crowd->yields)
            thread_yield();
        if (round % 64 == 0) {
            wanted = pattern(seed + 1000 * round);
            put(&wanted);
        }
    }
    return 0;
}

/* A thread that has nothing to do with the registers, to come between those that have. */
static long come_between(void *argument)
{
    struct crowd *crowd = argument;
    while (clock_monotonic() < crowd->end)
        thread_yield();
    return 0;
}

#define CROWD 24

static void run_crowd(struct crowd *crowd)
{
    struct thread *threads[CROWD];
    crowd->end = clock_monotonic() + 300 * NS_PER_MS;
    for (unsigned i = 0; i < CROWD; i++)
        threads[i] = thread_create("fpu", i % 4 == 3 ? come_between : check_registers, crowd);
    for (unsigned i = 0; i < CROWD; i++)
        if (KTEST_CHECK(threads[i] != NULL))
            KTEST_EQUAL(thread_join(threads[i]), 0);
    KTEST_EQUAL(crowd->failures, 0);
    KTEST_CHECK(crowd->checks > 0);
}

KTEST(fpu_kept_across_preemption)
{
    struct crowd crowd = {0};
    run_crowd(&crowd);
}

KTEST(fpu_kept_across_yields)
{
    struct crowd crowd = {.yields = true};
    run_crowd(&crowd);
}

KTEST(fpu_kept_across_moves)
{
    struct crowd crowd = {.yields = true, .moves = true};
    run_crowd(&crowd);
}

/* ------------------------------------------------------------------------------------------------------------------
 */

static long begin_with_initial_state(void *unused)
{
    struct registers dirty = pattern(77), initial;
    memset(&initial, 0, sizeof initial);
    initial.fcw = 0x37f;
    initial.mxcsr = 0x1f80;
    put(&dirty); /* whoever used them before */
    KTEST_EQUAL(fpu_enable(mine()), 0);
    struct registers got;
    __asm__ volatile("fldz"); /* get() wants something on the x87's stack */
    get(&got);
    KTEST_CHECK(memcmp(&got, &initial, sizeof got) == 0);
    KTEST_EQUAL(fpu_enable(mine()), 0); /* again: nothing happens */
    struct registers wanted = pattern(3);
    put(&wanted);
    KTEST_EQUAL(fpu_enable(mine()), 0);
    KTEST_CHECK(holds(&wanted));
    return 0;
}

static void in_a_thread(long (*function)(void *), void *argument)
{
    struct thread *thread = thread_create("fpu", function, argument);
    if (KTEST_CHECK(thread != NULL))
        thread_join(thread);
}

KTEST(fpu_initial_state)
{
    in_a_thread(begin_with_initial_state, NULL);
}

/* A thread is copied while its state is in the registers only; the copy is loaded by the one that it is for. */
static long copy_and_compare(void *unused)
{
    struct thread_fpu copy = {0}, nothing = {0};
    struct registers first = pattern(11), second = pattern(12);
    KTEST_EQUAL(fpu_enable(mine()), 0);
    put(&first);
    KTEST_EQUAL(fpu_copy(&copy, mine()), 0);
    put(&second);
    KTEST_CHECK(holds(&second));
    KTEST_EQUAL(fpu_copy(mine(), &copy), 0); /* back again: the running thread's registers change */
    KTEST_CHECK(holds(&first));
    put(&second);
    thread_yield();
    KTEST_CHECK(holds(&second));
    KTEST_EQUAL(fpu_copy(&copy, &nothing), 0); /* a thread without: the copy has none either */
    KTEST_CHECK(copy.area == NULL);
    fpu_release(&copy);
    fpu_release(mine());
    KTEST_CHECK(mine()->area == NULL);
    return 0;
}

KTEST(fpu_copies)
{
    in_a_thread(copy_and_compare, NULL);
}

struct lone {
    bool stop;
    uint64_t loads;
};

static long yield_until_stopped(void *argument)
{
    struct lone *lone = argument;
    while (!__atomic_load_n(&lone->stop, __ATOMIC_ACQUIRE))
        thread_yield();
    return 0;
}

#define YIELDS 100

static long be_alone(void *argument)
{
    struct lone *lone = argument;
    struct registers wanted = pattern(5);
    KTEST_EQUAL(fpu_enable(mine()), 0);
    put(&wanted);
    uint64_t before = fpu_load_count(0), switches = thread_current()->switches;
    for (unsigned i = 0; i < YIELDS; i++)
        thread_yield();
    lone->loads = fpu_load_count(0) - before;
    switches = thread_current()->switches - switches;
    KTEST_CHECK(switches > YIELDS / 4);
    KTEST_CHECK(holds(&wanted));
    __atomic_store_n(&lone->stop, true, __ATOMIC_RELEASE);
    return 0;
}

/* The only one on its CPU with such registers switches to and fro with another, and loads nothing. */
KTEST(fpu_loads_only_when_it_must)
{
    struct lone lone = {0};
    struct thread *other = thread_create_stopped("other", yield_until_stopped, &lone);
    struct thread *one = thread_create_stopped("one", be_alone, &lone);
    if (!KTEST_CHECK(other && one))
        return;
    thread_bind(other, 0);
    thread_bind(one, 0);
    thread_start(other);
    thread_start(one);
    thread_join(one);
    thread_join(other);
    KTEST_EQUAL(lone.loads, 0);
}
