/*
 * The life of a thread: creation, exit, join, and the list of all.
 *
 * A thread is held by references: its own, from its creation until it has left its CPU for good; its creator's, until
 * thread_join or thread_detach; and those of readers of the list (thread_next). The last one to go frees it. A thread
 * stays in the list until then, so that a reader can go on from any thread that it holds.
 *
 * A dying thread cannot free the stack that it stands on. It becomes DEAD and switches away; the next thread on that
 * CPU, which finishes the switch, calls thread_ended: this marks the thread ended, wakes the joiner, and drops the
 * thread's own reference. If that was the last, the thread goes to the reaper, a thread that frees the others: freeing
 * a stack may sleep, which the middle of a switch must not.
 *
 * Stacks are virtual areas with guard pages; to unmap one, every CPU must forget it. So a few are kept for the next
 * threads.
 *
 * The lock THREADS guards the list, `ended`, `joiner` and the stacks that are kept. A joiner is woken under it, so it
 * cannot be gone by then.
 */
#include "sched/sched.h"
#include "sched/sched_internal.h"

#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/switch.h"
#include "debug/counter.h"
#include "debug/fault_injection.h"
#include "debug/stack_depth.h"
#include "lib/string.h"
#include "log.h"
#include "mm/slab.h"
#include "mm/vmap.h"
#include "panic.h"

#define LOG_NAME "sched"

COUNTER(threads_created, "threads created, not counting those that the CPUs begin with");

static struct spinlock threads_lock = SPINLOCK_INIT(THREADS);
static struct list threads = LIST_INIT(threads);
static uint64_t count; /* in the list */
static uint64_t last_id;

#define STACKS_KEPT 8 /* and one for each CPU */

static struct slab_cache *thread_cache;
static struct thread *main_thread; /* static, on the stack that the boot loader made */

_Static_assert(offsetof(struct thread, stack_pointer) == 0, "switch.S knows where the stack pointer is");

/* ------------------------------------------------------------------------------------------------------------------
 * Stacks
 */

/* What lies at the bottom of a stack that is kept. */
struct kept_stack {
    struct kept_stack *next;
};

static struct {
    struct kept_stack *first;
    unsigned count;
} kept; /* THREADS lock */

static void *take_kept_stack(void)
{
    spin_lock(&threads_lock);
    struct kept_stack *stack = kept.first;
    if (stack) {
        kept.first = stack->next;
        kept.count--;
    }
    spin_unlock(&threads_lock);
    return stack;
}

static void *stack_allocate(void)
{
    void *stack = take_kept_stack();
    return stack ? stack : vmap_allocate(THREAD_STACK_SIZE, 0);
}

static void stack_free(void *memory)
{
    struct kept_stack *stack = memory;
    spin_lock(&threads_lock);
    bool keep = kept.count < STACKS_KEPT + cpu_count;
    if (keep) {
        stack->next = kept.first;
        kept.first = stack;
        kept.count++;
    }
    spin_unlock(&threads_lock);
    if (!keep)
        vmap_free(memory);
}

void thread_stacks_drain(void)
{
    void *stack;
    while ((stack = take_kept_stack()) != NULL)
        vmap_free(stack);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Creation
 */

static void list_add(struct thread *thread)
{
    spin_lock(&threads_lock);
    thread->id = ++last_id;
    count++;
    list_push_back(&threads, &thread->all);
    spin_unlock(&threads_lock);
}

static void set_up(struct thread *thread, const char *name)
{
    strlcpy(thread->name, name, sizeof thread->name);
    thread->state = THREAD_BLOCKED;
    thread->cpu = (uint16_t)cpu_number();
    memset(&thread->allowed, 0xff, sizeof thread->allowed);
    fair_set_nice(NULL, &thread->fair, 0);
    thread->references = 2;
    list_add(thread);
}

/* The first code of every thread but main and the other CPUs' idle threads. */
static void begin(vaddr_t *from, void *argument)
{
    struct thread *self = argument;
    sched_finish_switch(thread_of(from));
    interrupts_restore(true);
    thread_exit(self->function(self->argument));
}

struct thread *thread_allocate(const char *name, long (*function)(void *), void *argument)
{
    struct thread *thread = slab_allocate(thread_cache, ALLOC_ZERO);
    if (!thread)
        return NULL;
    void *stack = stack_allocate();
    if (!stack)
        goto out_thread;
    thread->function = function;
    thread->argument = argument;
    thread->stack_base = (vaddr_t)stack;
#ifdef DEBUG
    stack_paint(thread->stack_base, THREAD_STACK_SIZE);
#endif
    thread->stack_pointer = context_create(thread->stack_base + THREAD_STACK_SIZE, begin, thread);
    set_up(thread, name);
    counter_add(threads_created, 1);
    return thread;

out_thread:
    slab_free(thread_cache, thread);
    return NULL;
}

struct thread *thread_create_stopped(const char *name, long (*function)(void *), void *argument)
{
    return thread_allocate(name, function, argument);
}

struct thread *thread_create(const char *name, long (*function)(void *), void *argument)
{
    struct thread *thread = thread_allocate(name, function, argument);
    if (thread)
        thread_start(thread);
    return thread;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The end
 */

/* In debug builds, how much of its stack it has used (debug/stack_depth.h). */
static void report_stack(const struct thread *thread)
{
#ifdef DEBUG
    size_t depth = stack_depth(thread->stack_base, THREAD_STACK_SIZE);
    if (stack_is_short(depth, THREAD_STACK_SIZE))
        log_warning("thread %s has used %lu of the %u bytes of its stack", thread->name, depth, THREAD_STACK_SIZE);
    else
        log_debug("thread %s has used %lu bytes of its stack", thread->name, depth);
#endif
}

static void thread_free(struct thread *thread)
{
    if (thread == main_thread)
        return; /* what there is of it is not ours */
    report_stack(thread);
    spin_lock(&threads_lock);
    list_remove(&thread->all);
    count--;
    spin_unlock(&threads_lock);
    if (thread->fpu.area)
        fpu_release(&thread->fpu);
    stack_free((void *)thread->stack_base);
    slab_free(thread_cache, thread);
}

static bool reference_drop(struct thread *thread)
{
    return __atomic_sub_fetch(&thread->references, 1, __ATOMIC_ACQ_REL) == 0;
}

void thread_get(struct thread *thread)
{
    __atomic_fetch_add(&thread->references, 1, __ATOMIC_RELAXED);
}

void thread_put(struct thread *thread)
{
    if (thread && reference_drop(thread))
        thread_free(thread);
}

void thread_discard(struct thread *thread)
{
    reference_drop(thread); /* its own */
    thread_put(thread);
}

/* Ended threads that the reaper is to free: pushed one by one, taken all at once. */
static struct thread *dead;
static struct thread *reaper;

static void bury(struct thread *thread)
{
    struct thread *next = __atomic_load_n(&dead, __ATOMIC_RELAXED);
    do
        thread->next_dead = next;
    while (!__atomic_compare_exchange_n(&dead, &next, thread, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    thread_wake(reaper);
}

static long reap(void *unused)
{
    for (;;) {
        thread_prepare_block();
        struct thread *thread = __atomic_exchange_n(&dead, NULL, __ATOMIC_ACQUIRE);
        if (!thread) {
            thread_block();
            continue;
        }
        thread_cancel_block();
        while (thread) {
            struct thread *next = thread->next_dead;
            thread_free(thread);
            thread = next;
        }
    }
}

void thread_ended(struct thread *thread)
{
    spin_lock(&threads_lock);
    thread->ended = true;
    if (thread->joiner)
        thread_wake(thread->joiner);
    bool last = reference_drop(thread); /* before a joiner drops its own, who then frees it and can count on that */
    spin_unlock(&threads_lock);
    if (last)
        bury(thread);
}

_Noreturn void thread_exit(long result)
{
    struct thread *self = thread_current();
    lock_order_check_empty(&self->held);
    self->result = result;
    cpu_interrupts_disable();
    self->state = THREAD_DEAD;
    sched_switch(SWITCH_EXIT);
    panic("thread %s runs after its end", self->name);
}

long thread_join(struct thread *thread)
{
    spin_lock(&threads_lock);
    while (!thread->ended) {
        thread->joiner = thread_current();
        thread_prepare_block();
        spin_unlock(&threads_lock);
        thread_block();
        spin_lock(&threads_lock);
    }
    spin_unlock(&threads_lock);
    long result = thread->result;
    thread_put(thread);
    return result;
}

void thread_detach(struct thread *thread)
{
    thread->detached = true;
    thread_put(thread);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The list
 */

struct thread *thread_next(struct thread *thread)
{
    struct thread *next = NULL;
    spin_lock(&threads_lock);
    struct list_node *node = thread ? &thread->all : &threads.head;
    while (!next && (node = node->next) != &threads.head) {
        next = container_of(node, struct thread, all);
        uint32_t references = __atomic_load_n(&next->references, __ATOMIC_RELAXED);
        while (references && !__atomic_compare_exchange_n(&next->references, &references, references + 1, true,
                                 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            ;
        if (!references)
            next = NULL; /* someone is freeing it */
    }
    spin_unlock(&threads_lock);
    thread_put(thread);
    return next;
}

uint64_t thread_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Start-up
 */

/* Who allocates, for debug/fault_injection.h. */
static const void *fault_owner(void)
{
    return interrupt_is_active() ? NULL : thread_current();
}

#ifdef DEBUG
static uint32_t *fault_countdown(void)
{
    return interrupt_is_active() || !thread_current() ? NULL : &thread_current()->fault_countdown;
}
#endif

/* The page allocator's last resort: with interrupts on, no spin lock is held. */
static void shrink(void)
{
    if (cpu_interrupts_are_on())
        thread_stacks_drain();
}

void thread_init(struct thread *main)
{
    static struct page_shrinker shrinker = {.shrink = shrink};
    page_add_shrinker(&shrinker);
    fault_injection_set_owner(fault_owner);
#ifdef DEBUG
    fault_injection_set_countdown(fault_countdown);
#endif
    thread_cache = slab_cache_create("thread", sizeof(struct thread), _Alignof(struct thread));
    if (!thread_cache)
        panic("there is no memory for threads");
    main_thread = main;
    set_up(main, "main");
}

void thread_start_reaper(void)
{
    reaper = thread_create("reaper", reap, NULL);
    if (!reaper)
        panic("there is no memory for the thread that frees threads");
}
