/*
 * The run queues, and the switch from one thread to another.
 *
 * Each CPU has a run queue under a lock of its own. `thread->cpu` says which queue a thread belongs to, or belonged to
 * last while it sleeps, and that queue's lock guards the thread's scheduling state; it is changed only under the lock
 * of the queue that the thread leaves. So lock_queue_of looks, locks, and looks again.
 *
 * A switch holds the queue's lock from the choice of the next thread until the next thread runs on its own stack, where
 * sched_finish_switch releases it. Therefore whoever holds the lock and finds that a thread is not `current` knows that
 * its registers are saved and that it may be run elsewhere: a wake-up can never start a thread on a second CPU while
 * the first is still leaving its stack. `on_cpu` says the same without the lock, and is no more than a hint to mutexes.
 *
 * Going to sleep and being woken. The sleeper says BLOCKED, then looks at its condition, then gives up its CPU; the
 * waker changes the condition, then looks for BLOCKED. Both have a full barrier in between, so one of them sees the
 * other. Three cases are left to thread_wake, which holds the queue's lock:
 *
 *     BLOCKED and AWAY      it sleeps: made RUNNABLE, and put in a queue
 *     BLOCKED and QUEUED    it is on its way to sleep, or was preempted there: made RUNNABLE, which sched_switch sees
 *                           (under the same lock) before it would take the thread out of the queue
 *     BLOCKED and MOVING    the same; whoever moves it will queue it
 *
 * The thread itself changes `state` without the lock, from RUNNABLE to BLOCKED and back (thread_cancel_block). If that
 * crosses a late waker's RUNNABLE, the next block returns at once: sleepers look at their condition again anyway.
 *
 * Moving a thread to another CPU never takes two queues' locks: it is taken out, MOVING, under the first, and put in
 * under the second (sched_arrive). Interrupts stay off in between, so that it is not long.
 *
 * Preemption. Whoever finds, under a queue's lock, that its CPU should look, sets that CPU's need_resched, and
 * preempt_due if it is to switch; another CPU is sent an interrupt, unless its idle thread is polling. A CPU with one
 * runnable thread has no timer: when a second thread comes, it is told to look, and arms the timer of the slice. The
 * timer is not moved at each switch; when it comes too early for the thread that runs then, it is set again.
 */
#include "sched/sched.h"
#include "sched/sched_internal.h"

#include "arch/x86_64/switch.h"
#include "arch/x86_64/trap.h"
#include "debug/counter.h"
#include "lib/errno.h"
#include "panic.h"

COUNTER(context_switches, "a CPU went from one thread to another");

PER_CPU(struct thread *, current_thread);
PER_CPU(struct run_queue, run_queue) __attribute__((aligned(64)));

/* ------------------------------------------------------------------------------------------------------------------
 * Under a queue's lock
 */

static struct run_queue *lock_queue_of(const struct thread *thread)
{
    for (;;) {
        unsigned cpu = __atomic_load_n(&thread->cpu, __ATOMIC_RELAXED);
        struct run_queue *queue = run_queue_of(cpu);
        spin_lock(&queue->lock);
        if (__builtin_expect(__atomic_load_n(&thread->cpu, __ATOMIC_RELAXED) == cpu, 1))
            return queue;
        spin_unlock(&queue->lock);
    }
}

/* Charges the running thread for its time so far. Another CPU charged it last, maybe, whose clock is a little ahead. */
static void charge_current(struct run_queue *queue)
{
    uint64_t now = clock_monotonic();
    if (__builtin_expect(now < queue->clock, 0))
        return;
    uint64_t ran = now - queue->clock;
    queue->clock = now;
    queue->current->run_time += ran;
    fair_account(&queue->fair, queue->current == queue->idle ? NULL : &queue->current->fair, ran);
}

/* Tells the queue's CPU to look; true when that needs an interrupt. The exchange is a barrier: see idle.c. */
static bool request_look(struct run_queue *queue)
{
    if (__atomic_exchange_n(&cpu_local(need_resched, queue->cpu), true, __ATOMIC_SEQ_CST))
        return false;
    return queue->cpu != cpu_number() && !__atomic_load_n(&queue->polling, __ATOMIC_RELAXED);
}

/* Puts a runnable thread in, whose virtual time is this queue's; true when its CPU must be sent an interrupt. */
static bool enqueue(struct run_queue *queue, struct thread *thread)
{
    charge_current(queue);
    thread->place = THREAD_QUEUED;
    thread->arrived = queue->clock;
    fair_join(&queue->fair, &thread->fair);
    if (queue->current == queue->idle || fair_preempts(&thread->fair, &queue->current->fair)) {
        queue->preempt_due = true;
        return request_look(queue);
    }
    if (!cpu_mask_has(&sched_full_cpus, queue->cpu))
        cpu_mask_add(&sched_full_cpus, queue->cpu);
    return !queue->slice_armed && request_look(queue);
}

void sched_depart(struct run_queue *queue, struct thread *thread, unsigned cpu)
{
    fair_leave(&queue->fair, &thread->fair);
    fair_export(&queue->fair, &thread->fair);
    thread->place = THREAD_MOVING;
    __atomic_store_n(&thread->cpu, (uint16_t)cpu, __ATOMIC_RELAXED);
}

void sched_arrive(struct thread *thread)
{
    struct run_queue *queue = lock_queue_of(thread);
    while (!cpu_mask_has(&thread->allowed, queue->cpu)) {
        thread->cpu = (uint16_t)sched_choose_cpu(thread);
        spin_unlock(&queue->lock);
        queue = lock_queue_of(thread);
    }
    fair_import(&queue->fair, &thread->fair);
    bool interrupt = enqueue(queue, thread);
    unsigned cpu = queue->cpu;
    spin_unlock(&queue->lock);
    if (interrupt)
        smp_reschedule(cpu);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Switching
 */

/* Takes the current thread off its CPU, to go to another where it may run. */
static void evict_current(struct run_queue *queue, struct thread *thread)
{
    fair_leave_running(&queue->fair, &thread->fair);
    fair_export(&queue->fair, &thread->fair);
    thread->place = THREAD_MOVING;
    thread->cpu = (uint16_t)sched_choose_cpu(thread);
}

/* May the current thread go on, though FIRST waits? */
static bool goes_on(const struct run_queue *queue, const struct thread *current, enum switch_reason reason,
    const struct fair_entity *first)
{
    if (!first)
        return true;
    return reason == SWITCH_PREEMPT &&
           (!queue->preempt_due || !fair_before(first->virtual_time, current->fair.virtual_time));
}

/* Who runs next? The current thread is put where it belongs; the next one, if it is another, is taken out to run. */
static struct thread *choose_next(struct run_queue *queue, struct thread *current, enum switch_reason reason)
{
    struct fair_entity *first = fair_first(&queue->fair);
    bool stays = reason < SWITCH_BLOCK && current != queue->idle;
    bool allowed = __builtin_expect(cpu_mask_has(&current->allowed, queue->cpu), 1);
    if (stays && allowed && goes_on(queue, current, reason, first))
        return current;
    if (first)
        fair_run(&queue->fair, first); /* before the other is put in: two changes of a smaller tree */
    if (stays && allowed)
        fair_wait(&queue->fair, &current->fair);
    else if (stays)
        evict_current(queue, current);
    else if (current != queue->idle) {
        current->place = THREAD_AWAY;
        current->blocks++;
        fair_leave_running(&queue->fair, &current->fair);
    }
    return first ? container_of(first, struct thread, fair) : queue->idle;
}

/* Must the slice timer be started? If so, for when; else 0. */
static uint64_t slice_end_to_arm(struct run_queue *queue)
{
    if (queue->slice_armed || queue->fair.count < 2 || queue->current == queue->idle)
        return 0;
    queue->slice_armed = true;
    return queue->current->started + fair_slice(&queue->fair, &queue->current->fair);
}

static void leave_idle(struct run_queue *queue)
{
    __atomic_store_n(&queue->polling, false, __ATOMIC_RELAXED);
    if (cpu_mask_has(&sched_idle_cpus, queue->cpu))
        cpu_mask_remove(&sched_idle_cpus, queue->cpu);
}

/* The registers that are not on the stack. Those of a dead thread are nobody's. */
static void switch_registers(struct thread *from, struct thread *to)
{
    if (from->fpu.area && from->state != THREAD_DEAD)
        fpu_switch_out(&from->fpu);
    if (from->tables)
        user_bases_save(&from->bases);
    this_cpu(fpu_current) = &to->fpu;
    this_cpu(trap_try_slot) = &to->trap_try;
    if (to->tables) {
        trap_set_kernel_stack(to->stack_base + THREAD_STACK_SIZE);
        user_tables_switch(to->tables);
        user_bases_load(&to->bases);
    }
}

void sched_switch(enum switch_reason reason)
{
    struct run_queue *queue = this_cpu_pointer(run_queue);
    struct thread *current = thread_current();

    spin_lock(&queue->lock);
    if (reason == SWITCH_BLOCK && current->state != THREAD_BLOCKED) {
        spin_unlock(&queue->lock); /* woken meanwhile */
        return;
    }
    this_cpu(need_resched) = false;
    charge_current(queue);
    struct thread *next = choose_next(queue, current, reason);
    if (queue->preempt_due || next != current)
        next->started = queue->clock;
    queue->preempt_due = false;
    if (next == current) {
        uint64_t slice_end = slice_end_to_arm(queue);
        spin_unlock(&queue->lock);
        if (slice_end)
            timer_start(&queue->slice_timer, slice_end);
        return;
    }

    if (current == queue->idle)
        leave_idle(queue);
    queue->current = next;
    queue->counts.switches++;
    counter_add(context_switches, 1);
    next->on_cpu = true;
    next->switches++;
    switch_registers(current, next);
    this_cpu(current_thread) = next;
    sched_finish_switch(thread_of(context_switch(&current->stack_pointer, &next->stack_pointer)));
}

void sched_finish_switch(struct thread *previous)
{
    struct run_queue *queue = this_cpu_pointer(run_queue); /* this stack may have been on another CPU before */
    struct thread *current = queue->current;
    bool dead = previous->state == THREAD_DEAD, moving = previous->place == THREAD_MOVING;
    uint64_t slice_end = slice_end_to_arm(queue);

    __atomic_store_n(&previous->on_cpu, false, __ATOMIC_RELEASE);
    spin_unlock(&queue->lock);
    if (current->fpu.area)
        fpu_switch_in(&current->fpu);
    if (slice_end)
        timer_start(&queue->slice_timer, slice_end);
    if (current->task && !queue->sampling)
        sched_sample(queue);
    if (moving)
        sched_arrive(previous);
    if (dead)
        thread_ended(previous);
}

static void preempt(void)
{
    bool interrupts = cpu_interrupts_disable();
    while (this_cpu(need_resched))
        sched_switch(SWITCH_PREEMPT);
    if (interrupts)
        cpu_interrupts_enable();
}

static void slice_ended(struct timer *timer)
{
    struct run_queue *queue = this_cpu_pointer(run_queue);
    spin_lock(&queue->lock);
    queue->slice_armed = false;
    charge_current(queue);
    uint64_t now = queue->clock, slice_end = slice_end_to_arm(queue);
    if (slice_end && slice_end <= now) {
        queue->slice_armed = false; /* the switch arms it for the next one */
        queue->preempt_due = true;
        request_look(queue);
    }
    spin_unlock(&queue->lock);
    if (slice_end > now)
        timer_start(&queue->slice_timer, slice_end);
    if (slice_end && now >= queue->next_push)
        sched_push(queue, now);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What threads do
 */

void thread_yield(void)
{
    bool interrupts = cpu_interrupts_disable();
    sched_switch(SWITCH_YIELD);
    interrupts_restore(interrupts);
}

void thread_prepare_block(void)
{
    __atomic_store_n(&thread_current()->state, THREAD_BLOCKED, __ATOMIC_SEQ_CST);
}

void thread_cancel_block(void)
{
    __atomic_store_n(&thread_current()->state, THREAD_RUNNABLE, __ATOMIC_RELAXED);
}

void thread_block(void)
{
    lock_order_may_sleep();
    bool interrupts = cpu_interrupts_disable();
    sched_switch(SWITCH_BLOCK);
    interrupts_restore(interrupts);
}

/* QUEUE is that of a thread which has slept, and is locked. */
static void wake_sleeper(struct run_queue *queue, struct thread *thread)
{
    fair_place_woken(&queue->fair, &thread->fair);
    unsigned cpu = sched_choose_cpu(thread);
    if (__builtin_expect(cpu != queue->cpu, 0)) {
        fair_export(&queue->fair, &thread->fair);
        thread->place = THREAD_MOVING;
        __atomic_store_n(&thread->cpu, (uint16_t)cpu, __ATOMIC_RELAXED);
        spin_unlock(&queue->lock);
        sched_arrive(thread);
        return;
    }
    bool interrupt = enqueue(queue, thread);
    spin_unlock(&queue->lock);
    if (interrupt)
        smp_reschedule(cpu);
}

bool thread_wake(struct thread *thread)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&thread->state, __ATOMIC_RELAXED) != THREAD_BLOCKED)
        return false;
    bool interrupts = cpu_interrupts_disable();
    struct run_queue *queue = lock_queue_of(thread);
    bool was_blocked = thread->state == THREAD_BLOCKED;
    if (was_blocked)
        thread->state = THREAD_RUNNABLE;
    if (was_blocked && thread->place == THREAD_AWAY)
        wake_sleeper(queue, thread);
    else
        spin_unlock(&queue->lock);
    interrupts_restore(interrupts);
    return was_blocked;
}

void thread_start(struct thread *thread)
{
    bool interrupts = cpu_interrupts_disable();
    struct run_queue *queue = lock_queue_of(thread);
    thread->fair.virtual_time = 0; /* relative: it begins with what everyone has had */
    thread->state = THREAD_RUNNABLE;
    thread->place = THREAD_MOVING;
    thread->cpu = (uint16_t)sched_choose_new_cpu(thread);
    spin_unlock(&queue->lock);
    sched_arrive(thread);
    interrupts_restore(interrupts);
}

uint64_t thread_run_time(struct thread *thread)
{
    struct run_queue *queue = lock_queue_of(thread);
    charge_current(queue);
    uint64_t ns = thread->run_time;
    spin_unlock(&queue->lock);
    return ns;
}

void thread_set_nice(struct thread *thread, int nice)
{
    nice = nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
    struct run_queue *queue = lock_queue_of(thread);
    charge_current(queue);
    fair_set_nice(thread->place == THREAD_QUEUED ? &queue->fair : NULL, &thread->fair, nice);
    thread->nice = (int8_t)nice;
    spin_unlock(&queue->lock);
}

int thread_set_allowed(struct thread *thread, const struct cpu_mask *allowed)
{
    uint64_t usable = 0;
    for (unsigned i = 0; i < CPU_MAX / 64; i++)
        usable |= allowed->bits[i] & sched_cpus.bits[i];
    if (!usable)
        return -EINVAL;

    bool interrupts = cpu_interrupts_disable(), arrives = false, interrupt = false;
    struct run_queue *queue = lock_queue_of(thread);
    thread->allowed = *allowed;
    if (thread->place == THREAD_QUEUED && !cpu_mask_has(allowed, queue->cpu)) {
        arrives = queue->current != thread;
        if (arrives)
            sched_depart(queue, thread, sched_choose_cpu(thread));
        else
            interrupt = request_look(queue);
    }
    unsigned cpu = queue->cpu;
    spin_unlock(&queue->lock);
    if (arrives)
        sched_arrive(thread);
    if (interrupt)
        smp_reschedule(cpu);
    interrupts_restore(interrupts);
    return 0;
}

int thread_bind(struct thread *thread, unsigned cpu)
{
    struct cpu_mask mask = {{0}};
    if (cpu >= CPU_MAX)
        return -EINVAL;
    cpu_mask_add(&mask, cpu);
    return thread_set_allowed(thread, &mask);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Start-up
 */

void sched_adopt(struct run_queue *queue, unsigned cpu, struct thread *running, struct thread *idle)
{
    spin_lock_init(&queue->lock, LOCK_RANK_RUN_QUEUE);
    queue->cpu = cpu;
    queue->current = running;
    queue->idle = idle;
    queue->clock = clock_monotonic();
    timer_init(&queue->slice_timer, slice_ended);
    sched_sample_init(queue);
    running->cpu = (uint16_t)cpu;
    running->on_cpu = true;
    running->state = THREAD_RUNNABLE;
    running->place = THREAD_QUEUED;
    running->started = queue->clock;
    if (running != idle) {
        queue->fair.count = 1;
        queue->fair.weight = running->fair.weight;
    }
    this_cpu(current_thread) = running;
    this_cpu(fpu_current) = &running->fpu;
    this_cpu(trap_try_slot) = &running->trap_try;
    preempt_hook = preempt;
    cpu_mask_add(&sched_cpus, cpu);
}

void sched_report(unsigned cpu, struct sched_report *report)
{
    struct run_queue *queue = run_queue_of(cpu);
    *report = (struct sched_report){0};
    if (!cpu_mask_has(&sched_cpus, cpu))
        return;
    spin_lock(&queue->lock);
    charge_current(queue);
    *report = (struct sched_report){
        .switches = queue->counts.switches,
        .halts = queue->counts.halts,
        .now_ns = queue->clock,
        .idle_ns = queue->idle->run_time,
        .user_ns = queue->counts.samples_user * SAMPLE_INTERVAL,
        .pulled = queue->counts.pulled,
        .pushed = queue->counts.pushed,
        .runnable = queue->fair.count,
    };
    spin_unlock(&queue->lock);
}
