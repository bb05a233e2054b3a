/*
 * Fault injection. The counts belong to the thread that armed; others look at `owner` and go away. No lock: the owner
 * writes `owner` before it sets `fault_injection_armed`, and is itself the only one to go on from there. Where everyone
 * is counted, any number may count at once.
 */
#include "debug/fault_injection.h"
#include "panic.h"

#include <stddef.h>

bool fault_injection_armed;

static const void *owner; /* who is armed */
static bool everyone;     /* no matter who */
static uint64_t asked;    /* how often the owner has asked since */
static uint64_t failing;  /* which of them fails */

static const void *(*current_owner)(void);

static const void *current(void)
{
    static const char nobody_else;
    return current_owner != NULL ? current_owner() : &nobody_else;
}

static void arm(uint64_t n, bool all)
{
    if (__atomic_load_n(&fault_injection_armed, __ATOMIC_RELAXED))
        panic("fault injection is armed already");
    owner = current();
    everyone = all;
    asked = 0;
    failing = n;
    __atomic_store_n(&fault_injection_armed, true, __ATOMIC_RELEASE);
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
    __atomic_store_n(&fault_injection_armed, false, __ATOMIC_RELEASE);
    return __atomic_load_n(&asked, __ATOMIC_RELAXED);
}

bool fault_injection_count(void)
{
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
