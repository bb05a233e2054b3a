/*
 * A CPU with nothing to do: its idle thread runs when no other wants to.
 *
 * It takes work from CPUs where threads wait, else says that the CPU is idle, polls need_resched for a moment, since
 * what woke it last time may come again, and halts. While it polls, whoever has work for the CPU saves the interrupt:
 *
 *     the waker:  need_resched = true;  barrier;  polling?        -> no interrupt
 *     idle:       polling = false;      barrier;  need_resched?   -> no halt
 *
 * One of the two sees the other. Before the halt interrupts are off; STI lets none through before the HLT behind it has
 * begun (Intel SDM volume 2, STI), so an interrupt that came meanwhile ends the halt at once.
 *
 * An interrupt may switch the CPU to another thread while the idle thread polls, and then back. The CPU's bit in
 * sched_idle_cpus is gone then: the idle thread starts over instead of halting without it.
 */
#include "sched/sched.h"
#include "sched/sched_internal.h"

#include "arch/x86_64/interrupt.h"
#include "panic.h"

#define POLLS 100 /* so many PAUSEs: a few microseconds */

/* A slice that has no one to end it should not end the halt. Interrupts are off. */
static void stop_slice(struct run_queue *queue)
{
    if (!queue->slice_armed)
        return;
    spin_lock(&queue->lock);
    queue->slice_armed = false;
    spin_unlock(&queue->lock);
    timer_stop(&queue->slice_timer);
}

static void poll(struct run_queue *queue)
{
    __atomic_store_n(&queue->polling, true, __ATOMIC_RELAXED);
    cpu_interrupts_enable();
    for (unsigned i = 0; i < POLLS && !this_cpu(need_resched); i++)
        cpu_pause();
    cpu_interrupts_disable();
    __atomic_exchange_n(&queue->polling, false, __ATOMIC_SEQ_CST);
}

/* Interrupts are off, before and after. */
static void wait_for_work(struct run_queue *queue)
{
    stop_slice(queue);
    cpu_mask_add(&sched_idle_cpus, queue->cpu);
    poll(queue);
    if (this_cpu(need_resched) || !cpu_mask_has(&sched_idle_cpus, queue->cpu))
        return;
    queue->counts.halts++;
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

long sched_idle(void *unused)
{
    struct run_queue *queue = this_cpu_pointer(run_queue); /* the idle thread never moves */
    cpu_interrupts_disable();
    for (;;) {
        if (this_cpu(need_resched) || sched_pull(queue))
            sched_switch(SWITCH_PREEMPT);
        else
            wait_for_work(queue);
    }
}

/* Idle threads of CPUs that have been given a stack and are on their way. */
static struct thread *idle_threads[CPU_MAX];

vaddr_t sched_idle_stack(unsigned cpu)
{
    struct thread *idle = cpu < CPU_MAX ? thread_allocate("idle", sched_idle, NULL) : NULL;
    if (!idle)
        return 0;
    idle->idle = true;
    idle_threads[cpu] = idle;
    return idle->stack_base + THREAD_STACK_SIZE;
}

void sched_idle_release(unsigned cpu)
{
    thread_put(idle_threads[cpu]); /* its own reference, for it never runs, and ours */
    thread_put(idle_threads[cpu]);
    idle_threads[cpu] = NULL;
}

void sched_prepare_cpu(void)
{
    unsigned cpu = cpu_number();
    sched_adopt(this_cpu_pointer(run_queue), cpu, idle_threads[cpu], idle_threads[cpu]);
}

_Noreturn void sched_enter_cpu(void)
{
    sched_idle(NULL);
    panic("the idle thread of CPU %u came to an end", cpu_number());
}

static struct thread main_thread;

void sched_init(void)
{
    bool interrupts = cpu_interrupts_disable();
    struct run_queue *queue = this_cpu_pointer(run_queue);
    thread_init(&main_thread);
    struct thread *idle = thread_allocate("idle", sched_idle, NULL);
    if (!idle)
        panic("there is no memory for the first thread");
    idle->idle = true;
    idle->place = THREAD_QUEUED;
    sched_adopt(queue, cpu_number(), &main_thread, idle);
    thread_start_reaper();
    interrupts_restore(interrupts);
}
