/*
 * Fault injection. The counts belong to the thread that armed; others look at `owner` and go away. No lock: the owner
 * writes `owner` before it sets `fault_injection_armed`, and is itself the only one to go on from there. Where everyone
 * is counted, any number may count at once.
 *
 * A countdown is its thread's, and whoever sets it from outside may be a moment late. Once one has been set they are
 * looked at for ever: that is cheap enough for a debug kernel.
 */
#include "debug/fault_injection.h"
#include "panic.h"

#include <stddef.h>

#define ARMED 1u      /* somebody has called fault_injection_arm */
#define COUNTDOWNS 2u /* there are countdowns */
unsigned fault_injection_armed;

static const void *owner; /* who is armed */
static bool everyone;     /* no matter who */
static uint64_t asked;    /* how often the owner has asked since */
static uint64_t failing;  /* which of them fails */

static const void *(*current_owner)(void);
static uint32_t *(*current_countdown)(void);

static const void *current(void)
{
    static const char nobody_else;
    return current_owner != NULL ? current_owner() : &nobody_else;
}

static void arm(uint64_t n, bool all)
{
    if (__atomic_load_n(&fault_injection_armed, __ATOMIC_RELAXED) & ARMED)
        panic("fault injection is armed already");
    owner = current();
    everyone = all;
    asked = 0;
    failing = n;
    __atomic_fetch_or(&fault_injection_armed, ARMED, __ATOMIC_RELEASE);
}

void fault_injection_arm(uint64_t n)
{
    arm(n, false);
}

void fault_injection_arm_everyone(uint64_t n)
{
    arm(n, true);
}

uint64_t fault_injection_disarm(void)
{
    __atomic_fetch_and(&fault_injection_armed, ~ARMED, __ATOMIC_RELEASE);
    return __atomic_load_n(&asked, __ATOMIC_RELAXED);
}

static uint32_t *countdown(void)
{
    bool some = __atomic_load_n(&fault_injection_armed, __ATOMIC_RELAXED) & COUNTDOWNS;
    return some && current_countdown ? current_countdown() : NULL;
}

/* Is this the allocation with which it ends? */
static bool count_down(void)
{
    uint32_t *left = countdown(), value = left ? __atomic_load_n(left, __ATOMIC_RELAXED) : 0;
    if (value)
        __atomic_store_n(left, value - 1, __ATOMIC_RELAXED);
    return value == 1;
}

bool fault_injection_count(void)
{
    if (count_down())
        return true;
    if (!(__atomic_load_n(&fault_injection_armed, __ATOMIC_ACQUIRE) & ARMED))
        return false;
    if (everyone)
        return __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) == failing;
    const void *asking = current();
    if (asking == NULL || asking != owner)
        return false;
    return ++asked == failing;
}

void fault_injection_set_owner(const void *(*current_thread)(void))
{
    current_owner = current_thread;
}

void fault_injection_set_countdown(uint32_t *(*current_thread)(void))
{
    current_countdown = current_thread;
}

void fault_injection_start_countdowns(void)
{
    __atomic_fetch_or(&fault_injection_armed, COUNTDOWNS, __ATOMIC_RELAXED);
}

uint32_t fault_injection_pause(void)
{
    uint32_t *left = countdown();
    return left ? __atomic_exchange_n(left, 0, __ATOMIC_RELAXED) : 0;
}

void fault_injection_go_on(uint32_t paused)
{
    uint32_t *left = paused ? countdown() : NULL;
    if (left)
        __atomic_store_n(left, paused, __ATOMIC_RELAXED);
}
