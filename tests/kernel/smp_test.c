/*
 * The other CPUs: that they run, that they are set up as the boot CPU is, and that they do what they are asked, also
 * when everyone asks everyone at once.
 */
#include "ktest.h"
#include "on_cpus.h"

#include "arch/acpi/acpi.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/trap.h"
#include "lib/cmdline.h"
#include "time/clock.h"

static unsigned online(void)
{
    unsigned n = 0;
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
        n += cpu_mask_has(&cpus_online, cpu);
    return n;
}

KTEST(smp_every_cpu_of_the_tables_runs)
{
    uint64_t enabled = 0, most = CPU_MAX;
    for (unsigned i = 0; i < acpi_cpu_count(); i++)
        enabled += acpi_cpu(i)->enabled;
    cmdline_number("maxcpus", &most);
    KTEST_EQUAL(online(), min_u64(enabled, most));
    KTEST_EQUAL(cpu_count, online());
}

/* ------------------------------------------------------------------------------------------------------------------
 * What each CPU is like
 */

struct facts {
    uint64_t cr0, cr4, efer, pat, cr3;
    uint64_t gs_base;
    uint32_t apic_id;
    uint32_t initial_id;
    unsigned number;
    bool interrupts, active;
};

static void read_facts(void *argument)
{
    struct facts *facts = argument;
    facts += cpu_number();
    facts->cr0 = cpu_read_cr0();
    facts->cr3 = cpu_read_cr3();
    facts->cr4 = cpu_read_cr4();
    facts->efer = cpu_read_msr(MSR_EFER);
    facts->pat = cpu_has(CPU_PAT) ? cpu_read_msr(MSR_PAT) : 0;
    facts->gs_base = cpu_read_msr(MSR_GS_BASE);
    facts->apic_id = this_cpu(apic_id);
    facts->initial_id = cpu_id(1, 0).ebx >> 24;
    facts->number = cpu_number();
    facts->interrupts = cpu_interrupts_are_on();
    facts->active = interrupt_is_active();
}

KTEST(smp_cpus_are_set_up_alike)
{
    static struct facts facts[CPU_MAX];
    bool on = cpu_interrupts_disable();
    read_facts(facts);
    if (on)
        cpu_interrupts_enable();
    smp_call_others(read_facts, facts);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        KTEST_EQUAL(facts[cpu].number, cpu);
        KTEST_EQUAL(facts[cpu].cr0, facts[0].cr0);
        KTEST_EQUAL(facts[cpu].cr3, facts[0].cr3);
        KTEST_EQUAL(facts[cpu].cr4, facts[0].cr4);
        KTEST_EQUAL(facts[cpu].efer, facts[0].efer);
        KTEST_EQUAL(facts[cpu].pat, facts[0].pat);
        KTEST_EQUAL(facts[cpu].gs_base, percpu_offset[cpu]);
        KTEST_EQUAL(facts[cpu].apic_id & 0xff, facts[cpu].initial_id);
        KTEST_EQUAL(facts[cpu].active, cpu != 0);
        KTEST_CHECK(!facts[cpu].interrupts);
    }
}

static void fault(void *unused)
{
    *(volatile char *)16 = 1;
}

static void push_without_stack(void *unused)
{
    __asm__ volatile("xor %%esp, %%esp; push $0" : : : "memory");
}

struct outcome {
    unsigned page_faults, double_faults;
};

static void fault_here(void *argument)
{
    struct outcome *outcome = argument;
    struct trap_frame frame;
    vaddr_t address;
    if (!trap_try(fault, NULL, &frame, &address) && frame.vector == TRAP_PAGE_FAULT && address == 16)
        __atomic_fetch_add(&outcome->page_faults, 1, __ATOMIC_RELAXED);
    if (!trap_try(push_without_stack, NULL, &frame, NULL) && frame.vector == TRAP_DOUBLE_FAULT)
        __atomic_fetch_add(&outcome->double_faults, 1, __ATOMIC_RELAXED);
}

/* GDT, TSS and interrupt stacks of every CPU, all at the same time. */
KTEST(smp_cpus_take_exceptions)
{
    struct outcome outcome = {0};
    smp_call_others(fault_here, &outcome);
    fault_here(&outcome);
    KTEST_EQUAL(outcome.page_faults, online());
    KTEST_EQUAL(outcome.double_faults, online());
}

/* ------------------------------------------------------------------------------------------------------------------
 * Calls
 */

static void count_here(void *argument)
{
    __atomic_fetch_add((unsigned *)argument, 1, __ATOMIC_RELAXED);
}

KTEST(smp_call_reaches_each_and_waits)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        unsigned ran = 0;
        smp_call(cpu, count_here, &ran);
        KTEST_EQUAL(ran, cpu != cpu_number()); /* the caller's own is left out */
    }
    unsigned ran = 0;
    smp_call_others(count_here, &ran);
    KTEST_EQUAL(ran, online() - 1);
    struct cpu_mask none = {0};
    smp_call_mask(&none, count_here, &ran);
    smp_call(CPU_MAX - 1, count_here, &ran);
    KTEST_EQUAL(ran, online() - 1 + (cpu_count == CPU_MAX));
}

/*
 * Every CPU asks all others, and one of them, and flushes a page everywhere, at the same time as they do. On an
 * emulator with fewer processors than it has CPUs a call may take long, so the time decides how many there are.
 */
struct storm {
    uint64_t end;
    unsigned rounds, counted;
};

static void storm(unsigned cpu, void *argument)
{
    struct storm *all = argument;
    unsigned round = 0;
    do {
        unsigned other = (cpu + 1 + round % (cpu_count - 1)) % cpu_count, one = 0;
        smp_call_others(count_here, &all->counted);
        smp_call(other, count_here, &one);
        KTEST_EQUAL(one, 1);
        tlb_flush_kernel(DIRECT_MAP_BASE, PAGE_SIZE);
        round++;
    } while (clock_monotonic() < all->end);
    __atomic_fetch_add(&all->rounds, round, __ATOMIC_RELAXED);
}

KTEST(smp_call_storm)
{
    unsigned n = online();
    if (n == 1) {
        ktest_skip("one CPU");
        return;
    }
    struct storm all = {.end = clock_monotonic() + 500 * NS_PER_MS};
    on_cpus(storm, &all);
    KTEST_EQUAL(all.counted, all.rounds * (n - 1));
    KTEST_CHECK(all.rounds >= n);
}

static void look_up(void *argument)
{
    __atomic_store_n((uint64_t *)argument, interrupt_count(VECTOR_RESCHEDULE, cpu_number()), __ATOMIC_RELEASE);
}

KTEST(smp_reschedule_arrives)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        uint64_t before = 0, after = 0;
        if (cpu == cpu_number())
            continue;
        smp_call(cpu, look_up, &before);
        smp_reschedule(cpu);
        for (unsigned tries = 0; after <= before && tries < 100000; tries++)
            smp_call(cpu, look_up, &after);
        KTEST_CHECK(after > before);
    }
}
