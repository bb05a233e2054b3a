/*
 * Fault injection. The counts belong to the thread that armed; others look at `owner` and go away. No lock: the owner
 * writes `owner` before it sets `fault_injection_armed`, and is itself the only one to go on from there.
 */
#include "debug/fault_injection.h"
#include "panic.h"

#include <stddef.h>

bool fault_injection_armed;

static const void *owner; /* who is armed */
static uint64_t asked;    /* how often the owner has asked since */
static uint64_t failing;  /* which of them fails */

static const void *(*current_owner)(void);

static const void *current(void)
{
    static const char everyone;
    return current_owner != NULL ? current_owner() : &everyone;
}

void fault_injection_arm(uint64_t n)
{
    if (__atomic_load_n(&fault_injection_armed, __ATOMIC_RELAXED))
        panic("fault injection is armed already");
    owner = current();
    asked = 0;
    failing = n;
    __atomic_store_n(&fault_injection_armed, true, __ATOMIC_RELEASE);
}

uint64_t fault_injection_disarm(void)
{
    __atomic_store_n(&fault_injection_armed, false, __ATOMIC_RELEASE);
    return asked;
}

bool fault_injection_count(void)
{
    const void *asking = current();
    if (asking == NULL || asking != owner)
        return false;
    return ++asked == failing;
}

void fault_injection_set_owner(const void *(*current_thread)(void))
{
    current_owner = current_thread;
}
