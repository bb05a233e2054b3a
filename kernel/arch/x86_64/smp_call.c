/*
 * Asking other CPUs to do something: see smp.h.
 *
 * Each CPU has one request of its own, with which it can ask any number of others at a time, and a set of bits that
 * tells which CPUs want something of it. To call, a CPU fills its request, sets its bit in the sets of those it asks,
 * and sends each an interrupt unless bits were waiting there already, whose interrupt will do. Who is asked takes all
 * bits at once, runs each asker's request, and counts down. There is nothing to allocate, and no lock.
 *
 * The caller stays on its CPU (preemption is off), so the request is its alone; and it waits with interrupts on, so
 * that it serves the requests of others meanwhile: any number of CPUs may call each other at the same time. What it
 * waits for is only that the others take interrupts. That is why a caller must not hold a spin lock, or have interrupts
 * off.
 *
 * smp_stop_others is for panics: an NMI, and no answer is needed.
 *
 * The scheduler's way to make another CPU look up is here too.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/machine.h"
#include "arch/x86_64/preempt.h"
#include "arch/x86_64/smp_internal.h"
#include "arch/x86_64/spinlock.h"
#include "panic.h"

#define WORDS (CPU_MAX / 64)
#define STOP_SPINS 10000000 /* some tenths of a second */

struct request {
    void (*function)(void *argument);
    void *argument;
    unsigned pending; /* CPUs that have not run it yet */
};

struct cpu_mask cpus_online;

static PER_CPU(struct request, request);
static PER_CPU(uint64_t[WORDS], askers);
static unsigned stopper = CPU_MAX; /* the CPU that wants all others to stop */

static void serve(struct request *asked)
{
    asked->function(asked->argument);
    __atomic_fetch_sub(&asked->pending, 1, __ATOMIC_RELEASE); /* from here on it is the asker's again */
}

static void serve_all(void *unused)
{
    uint64_t *words = *this_cpu_pointer(askers);
    for (unsigned word = 0; word < WORDS; word++) {
        if (__atomic_load_n(&words[word], __ATOMIC_RELAXED) == 0)
            continue;
        uint64_t bits = __atomic_exchange_n(&words[word], 0, __ATOMIC_ACQ_REL);
        for (; bits; bits &= bits - 1)
            serve(&cpu_local(request, word * 64 + (unsigned)__builtin_ctzll(bits)));
    }
}

void smp_calls_init(void)
{
    interrupt_set_kernel_handler(VECTOR_CALL, serve_all);
}

static void ask(unsigned cpu, unsigned self)
{
    uint64_t *word = &cpu_local(askers, cpu)[self / 64];
    if (__atomic_fetch_or(word, 1ull << self % 64, __ATOMIC_ACQ_REL) == 0)
        apic_send(cpu_local(apic_id, cpu), VECTOR_CALL);
}

/* Without the caller's CPU, and those that are not there. */
static struct cpu_mask others_of(const struct cpu_mask *mask, unsigned self)
{
    struct cpu_mask others;
    for (unsigned word = 0; word < WORDS; word++)
        others.bits[word] = mask->bits[word] & __atomic_load_n(&cpus_online.bits[word], __ATOMIC_ACQUIRE);
    others.bits[self / 64] &= ~(1ull << self % 64);
    return others;
}

static unsigned count(const struct cpu_mask *mask)
{
    unsigned n = 0;
    for (unsigned word = 0; word < WORDS; word++)
        n += (unsigned)__builtin_popcountll(mask->bits[word]);
    return n;
}

void smp_call_mask(const struct cpu_mask *mask, void (*function)(void *), void *argument)
{
    preempt_disable();
    unsigned self = cpu_number();
    struct cpu_mask others = others_of(mask, self);
    unsigned pending = count(&others);
    if (pending) {
        if (!cpu_interrupts_are_on())
            panic("CPU %u waits for other CPUs with interrupts off", self);
        struct request *mine = this_cpu_pointer(request);
        *mine = (struct request){.function = function, .argument = argument};
        __atomic_store_n(&mine->pending, pending, __ATOMIC_RELEASE);
        for (unsigned word = 0; word < WORDS; word++)
            for (uint64_t bits = others.bits[word]; bits; bits &= bits - 1)
                ask(word * 64 + (unsigned)__builtin_ctzll(bits), self);
        while (__atomic_load_n(&mine->pending, __ATOMIC_ACQUIRE) != 0)
            cpu_pause();
    }
    preempt_enable();
}

void smp_call(unsigned cpu, void (*function)(void *), void *argument)
{
    struct cpu_mask mask = {0};
    cpu_mask_add(&mask, cpu);
    smp_call_mask(&mask, function, argument);
}

void smp_call_others(void (*function)(void *), void *argument)
{
    smp_call_mask(&cpus_online, function, argument);
}

void smp_call_all_if_possible(void (*function)(void *), void *argument)
{
    preempt_disable(); /* or this CPU might be one of the others halfway */
    bool interrupts = cpu_interrupts_disable();
    function(argument);
    if (interrupts) {
        cpu_interrupts_enable();
        smp_call_others(function, argument);
    }
    preempt_enable();
}

void smp_reschedule(unsigned cpu)
{
    apic_send(cpu_local(apic_id, cpu), VECTOR_RESCHEDULE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Stopping
 */

void smp_stop_if_asked(void)
{
    unsigned by = __atomic_load_n(&stopper, __ATOMIC_ACQUIRE);
    if (by == CPU_MAX || by == cpu_number())
        return;
    cpu_mask_remove(&cpus_online, cpu_number());
    machine_halt();
}

void smp_stop_others(void)
{
    unsigned self = cpu_number(), nobody = CPU_MAX;
    struct cpu_mask all = cpus_online, others = others_of(&all, self);
    if (!__atomic_compare_exchange_n(&stopper, &nobody, self, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        if (cpu_mask_has(&others, cpu))
            apic_send_nmi(cpu_local(apic_id, cpu));
    for (unsigned spins = 0; spins < STOP_SPINS && count(&others) > 0; spins++) {
        cpu_pause();
        others = others_of(&all, self);
    }
}
