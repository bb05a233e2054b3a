/*
 * Checking the order of locks: see lock_order.h. The lists are short, so each is searched from its end.
 *
 * A CPU's list is only touched by that CPU with interrupts off, a thread's only by the thread. In a panic nothing is
 * checked any more: it takes what it needs. Only debug builds have this file.
 */
#include "debug/lock_order.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/preempt.h"
#include "lib/lock_rank.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "panic.h"

#define PLACE_TEXT 160

static PER_CPU(struct lock_list, spin_locks);

static void (*format_place)(char *buffer, size_t size, uintptr_t address);

const char *lock_rank_name(unsigned rank)
{
#define NAME(number, name, where, what)                                                                                \
    if (rank == (number))                                                                                              \
        return #name;
    LOCK_RANKS(NAME)
#undef NAME
    return "?";
}

void lock_order_set_symbols(void (*format)(char *buffer, size_t size, uintptr_t address))
{
    format_place = format;
}

static const char *place(char *buffer, uintptr_t address)
{
    if (format_place != NULL)
        format_place(buffer, PLACE_TEXT, address);
    else
        snprintf(buffer, PLACE_TEXT, "%#lx", address);
    return buffer;
}

const struct lock_list *lock_order_spin_locks(void)
{
    return this_cpu_pointer(spin_locks);
}

void lock_list_write(struct format_sink *sink, const struct lock_list *list)
{
    char text[PLACE_TEXT];
    for (unsigned i = 0; i < list->count && i < LOCK_LIST_MAX; i++) {
        const struct lock_held *held = &list->held[i];
        format_sink_printf(
            sink, "holds %s %p, taken at %s\n", lock_rank_name(held->rank), held->lock, place(text, held->taken_at));
    }
}

/* Is it wrong to take a lock of this rank while that one is held? */
static bool is_violation(const struct lock_held *held, const void *lock, unsigned rank, enum lock_order_kind kind)
{
    if (held->lock == lock)
        return kind != LOCK_ORDER_TRY; /* a try does no harm, it fails */
    return kind == LOCK_ORDER_STRICT ? held->rank >= rank : kind == LOCK_ORDER_NESTED && held->rank > rank;
}

static _Noreturn void report_violation(const struct lock_held *held, const struct lock_held *wanted)
{
    static char place_wanted[PLACE_TEXT], place_held[PLACE_TEXT];
    place(place_wanted, wanted->taken_at);
    place(place_held, held->taken_at);
    if (held->lock == wanted->lock)
        panic("lock order: %s %p is taken at %s by its holder, who took it at %s", lock_rank_name(held->rank),
            held->lock, place_wanted, place_held);
    panic("lock order: %s %p (rank %u) is taken at %s under %s %p (rank %u), taken at %s", lock_rank_name(wanted->rank),
        wanted->lock, wanted->rank, place_wanted, lock_rank_name(held->rank), held->lock, held->rank, place_held);
}

static void acquire(struct lock_list *list, const struct lock_held *wanted, enum lock_order_kind kind)
{
    for (unsigned i = list->count; i-- > 0;) {
        if (is_violation(&list->held[i], wanted->lock, wanted->rank, kind))
            report_violation(&list->held[i], wanted);
    }
    if (list->count == LOCK_LIST_MAX)
        panic("lock order: more than %u locks are held; the next is %s %p", LOCK_LIST_MAX, lock_rank_name(wanted->rank),
            wanted->lock);
    list->held[list->count++] = *wanted;
}

static void release(struct lock_list *list, const void *lock, unsigned rank, uintptr_t where)
{
    char text[PLACE_TEXT];
    for (unsigned i = list->count; i-- > 0;) {
        if (list->held[i].lock != lock)
            continue;
        list->count--;
        memmove(&list->held[i], &list->held[i + 1], (list->count - i) * sizeof list->held[0]);
        return;
    }
    panic("lock order: %s %p is released at %s by someone who does not hold it", lock_rank_name(rank), lock,
        place(text, where));
}

static bool is_checked(unsigned rank)
{
    return rank != LOCK_RANK_UNRANKED && !panic_is_under_way();
}

void lock_order_acquire(const void *lock, unsigned rank, enum lock_order_kind kind)
{
    uintptr_t where = (uintptr_t)__builtin_return_address(0);
    if (is_checked(rank))
        acquire(this_cpu_pointer(spin_locks), &(struct lock_held){lock, where, rank}, kind);
}

void lock_order_release(const void *lock, unsigned rank)
{
    if (is_checked(rank))
        release(this_cpu_pointer(spin_locks), lock, rank, (uintptr_t)__builtin_return_address(0));
}

/* Interrupts are off, or the thread might move between two looks at its CPU. */
static void check_sleep(bool interrupts)
{
    char text[PLACE_TEXT];
    const struct lock_list *list = lock_order_spin_locks();
    if (list->count > 0) {
        const struct lock_held *held = &list->held[list->count - 1];
        panic("a thread sleeps and holds the spin lock %s %p, taken at %s", lock_rank_name(held->rank), held->lock,
            place(text, held->taken_at));
    }
    if (!interrupts || this_cpu(preempt_count) > 0)
        panic("a thread sleeps with %s off", interrupts ? "preemption" : "interrupts");
}

void lock_order_may_sleep(void)
{
    if (panic_is_under_way())
        return;
    bool interrupts = cpu_interrupts_disable();
    check_sleep(interrupts);
    cpu_interrupts_enable();
}

void lock_order_acquire_sleeping(
    struct lock_list *list, const void *lock, unsigned rank, enum lock_order_kind kind, const void *taken_at)
{
    if (list == NULL || panic_is_under_way())
        return;
    if (kind != LOCK_ORDER_TRY) {
        bool interrupts = cpu_interrupts_disable();
        check_sleep(true); /* the kernel starts with interrupts off, and yet takes locks that no one else can hold */
        if (interrupts)
            cpu_interrupts_enable();
    }
    if (rank != LOCK_RANK_UNRANKED)
        acquire(list, &(struct lock_held){lock, (uintptr_t)taken_at, rank}, kind);
}

void lock_order_release_sleeping(struct lock_list *list, const void *lock, unsigned rank)
{
    if (list != NULL && is_checked(rank))
        release(list, lock, rank, (uintptr_t)__builtin_return_address(0));
}

void lock_order_check_empty(const struct lock_list *list)
{
    char text[PLACE_TEXT];
    if (list->count > 0)
        panic("a thread ends and holds %s %p, taken at %s", lock_rank_name(list->held[0].rank), list->held[0].lock,
            place(text, list->held[0].taken_at));
}
