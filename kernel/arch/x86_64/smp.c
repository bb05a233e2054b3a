/*
 * Starting the other CPUs: see smp.h.
 *
 * A CPU sleeps until it is sent INIT and then a start-up interrupt (SIPI), which names a page below 1 MiB; there it
 * begins in real mode, with the code of smp_entry.S that was copied to it. All CPUs are started at once: their per-CPU
 * copies and stacks are made first, then each gets INIT, then each its SIPI, and then they are waited for together. A
 * second SIPI goes to those that have not come after a moment, as the specification has it. The 10 ms that it wants
 * between the two are for APICs that were chips of their own and for the first processors after them; later ones need
 * no time there.
 *
 * What each CPU does with itself alone it does at the same time as the others; then it is READY, and sleeps until it is
 * its turn for what takes the boot CPU, too: comparing clocks. If all came at once they would spin for each other, and
 * on a host with fewer processors than we have CPUs take each other's time.
 *
 * A CPU takes each step of its own by changing its state from the one before: STARTING, RUNNING, READY, ENTERING,
 * ONLINE. When time is up for a step, the boot CPU changes what is left to LOST: one that comes later sees it and
 * sleeps for good, on the stack that was meant for it; so its memory, the page and its mapping are kept then. When one
 * is lost while it enters, those after it are, too: it may be about to compare its clock, which only one may do at a
 * time.
 *
 * Source: Intel SDM volume 3A, 9.4 (multiple-processor initialisation); MultiProcessor Specification 1.4, B.4.
 */
#include "arch/x86_64/smp.h"
#include "arch/acpi/acpi.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/machine.h"
#include "arch/x86_64/machine_check.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/smp_internal.h"
#include "arch/x86_64/trap.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "log.h"

#define LOG_NAME "smp"

#define INIT_DELAY 10000000ull       /* ns, where it is needed */
#define SECOND_STARTUP 200000ull     /* ns after the first */
#define START_TIMEOUT 1000000000ull  /* ns */
#define ENTER_TIMEOUT 10000000000ull /* ns for each step after it; hosts may have few processors for many CPUs */
#define ENTER_POLL 1000ull           /* ns */
#define POLL 20000ull                /* ns */

enum state { ABSENT, STARTING, RUNNING, READY, ENTERING, ONLINE, UNFIT, LOST };

static struct {
    struct smp_slot slots[CPU_MAX];
    uint8_t states[CPU_MAX]; /* enum state, by CPU number */
    unsigned count;          /* of slots */
    unsigned turn;           /* which CPU may go on from READY */
    paddr_t page;
    const struct smp_start *ops;
} starting;

static void set_state(unsigned cpu, enum state state)
{
    __atomic_store_n(&starting.states[cpu], state, __ATOMIC_RELEASE);
}

static enum state state_of(unsigned cpu)
{
    return __atomic_load_n(&starting.states[cpu], __ATOMIC_ACQUIRE);
}

/* False when it is in another state: the CPU and the boot CPU, which gives it up, may try it at the same time. */
static bool change_state(unsigned cpu, enum state from, enum state to)
{
    uint8_t expected = from;
    return __atomic_compare_exchange_n(&starting.states[cpu], &expected, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * On the new CPU
 */

static void step(unsigned cpu, enum state from, enum state to)
{
    if (!change_state(cpu, from, to))
        machine_halt();
}

/* A CPU that has less than the boot CPU would fault where the kernel relies on it. */
static void check_features(unsigned cpu)
{
    uint64_t missing = cpu_features_missing();
    if (!missing)
        return;
    log_error("CPU %u is left out: it has no %s, which the boot CPU has", cpu,
        cpu_feature_name((enum cpu_feature)__builtin_ctzll(missing)));
    change_state(cpu, RUNNING, UNFIT);
    machine_halt();
}

/* Asleep: the boot CPU sends an interrupt with the turn. It comes after the STI, which delays it until the HLT. */
static void wait_for_turn(unsigned cpu)
{
    step(cpu, RUNNING, READY);
    while (__atomic_load_n(&starting.turn, __ATOMIC_ACQUIRE) != cpu)
        __asm__ volatile("sti; hlt; cli" : : : "memory");
    step(cpu, READY, ENTERING);
}

static void enter_cpu(unsigned cpu)
{
    percpu_load(cpu);
    trap_init();
    step(cpu, STARTING, RUNNING);
    check_features(cpu);
    cpu_control_init();
    paging_init_cpu();
    machine_check_init_cpu();
    interrupt_init_cpu();
    fpu_init_cpu();
    wait_for_turn(cpu);
    if (starting.ops->prepare)
        starting.ops->prepare();
    step(cpu, ENTERING, ONLINE);
    cpu_mask_add(&cpus_online, cpu);
    starting.ops->enter();
}

/* ------------------------------------------------------------------------------------------------------------------
 * On the boot CPU
 */

paddr_t smp_choose_page(const struct boot_info *info)
{
    paddr_t best = 0;
    for (uint64_t i = 0; i < info->memory_count; i++) {
        const struct boot_memory *range = &info->memory[i];
        if (range->type == BOOT_MEMORY_USABLE && range->base < MIB(1) && range->length >= PAGE_SIZE)
            best = min_u64(range->base + range->length, MIB(1)) - PAGE_SIZE;
    }
    starting.page = best;
    return best;
}

/* Memory for one CPU: its interrupt stacks, which a guard page should be below, then its copy of the per-CPU data. */
static bool prepare(uint32_t apic_id)
{
    unsigned cpu = cpu_count;
    vaddr_t stack = starting.ops->stack(cpu);
    char *memory = stack ? starting.ops->allocate(TRAP_STACKS_SIZE + percpu_size()) : NULL;
    if (!memory) {
        if (stack)
            starting.ops->release_stack(cpu);
        log_error("no memory for CPU %u and those after it", cpu);
        return false;
    }
    percpu_create(cpu, memory + TRAP_STACKS_SIZE);
    trap_prepare_cpu(cpu, memory);
    starting.slots[starting.count++] = (struct smp_slot){.apic_id = apic_id, .cpu = cpu, .stack = stack};
    set_state(cpu, STARTING);
    return true;
}

static uint64_t wanted_count(void)
{
    char text[32];
    uint64_t most = CPU_MAX;
    if (cmdline_get("maxcpus", text, sizeof text) >= 0 && !cmdline_parse_number(text, &most))
        log_warning("maxcpus=%s is no number of processors", text);
    return most == 0 ? 1 : most;
}

static void prepare_all(void)
{
    uint64_t most = wanted_count();
    for (unsigned i = 0; i < acpi_cpu_count(); i++) {
        const struct acpi_cpu *cpu = acpi_cpu(i);
        if (!cpu->enabled || cpu->apic_id == this_cpu(apic_id))
            continue;
        if (cpu->apic_id > 254 && !apic_is_x2apic())
            log_warning("the CPU with APIC ID %u needs x2APIC mode", cpu->apic_id);
        else if (cpu_count >= CPU_MAX)
            log_warning("the CPU with APIC ID %u is one more than the %u that there may be", cpu->apic_id, CPU_MAX);
        else if (cpu_count >= most || !prepare(cpu->apic_id))
            return;
    }
}

/* Copies the code, fills in what it must know, and maps it where it is. */
static bool place_code(void)
{
    char *page = direct_map(starting.page);
    struct smp_parameters *parameters = (struct smp_parameters *)(page + (smp_entry_parameters - smp_entry_start));
    memcpy(page, smp_entry_start, (size_t)(smp_entry_end - smp_entry_start));
    parameters->long_mode[0] += (uint32_t)starting.page;
    parameters->gdt_base += (uint32_t)starting.page;
    parameters->cr3 = (uint32_t)paging_kernel.root;
    parameters->slots = starting.slots;
    parameters->slot_count = starting.count;
    parameters->enter = enter_cpu;
    return paging_map(&paging_kernel, starting.page, starting.page, PAGE_SIZE, MAP_EXECUTE | MAP_SMALL_PAGES) == 0;
}

static void remove_code(void)
{
    paging_unmap(&paging_kernel, starting.page, PAGE_SIZE);
    tlb_flush_kernel(starting.page, PAGE_SIZE);
}

static unsigned how_many(enum state state)
{
    unsigned n = 0;
    for (unsigned i = 0; i < starting.count; i++)
        n += state_of(starting.slots[i].cpu) == state;
    return n;
}

static bool needs_init_delay(void)
{
    uint32_t family = cpu_id(1, 0).eax >> 8 & 0xf;
    return !cpu_has(CPU_HYPERVISOR) && cpu_id(0, 0).ebx == 0x756e6547 /* "Genu" */ && family == 15;
}

static void send_startups(void)
{
    for (unsigned i = 0; i < starting.count; i++)
        if (state_of(starting.slots[i].cpu) == STARTING)
            apic_send_startup(starting.slots[i].apic_id, starting.page);
}

/* Returns when no CPU is in that state any more, or time is up. */
static void wait_for_all(enum state state, uint64_t ns)
{
    for (uint64_t waited = 0; waited < ns && how_many(state) > 0; waited += POLL)
        starting.ops->delay(POLL);
}

static void wake(void)
{
    for (unsigned i = 0; i < starting.count; i++)
        apic_send_init(starting.slots[i].apic_id);
    if (needs_init_delay())
        starting.ops->delay(INIT_DELAY);
    send_startups();
    wait_for_all(STARTING, SECOND_STARTUP);
    send_startups();
    wait_for_all(STARTING, START_TIMEOUT);
}

/* Those that have not come further are given up. */
static void give_up(enum state state, const char *what)
{
    for (unsigned i = 0; i < starting.count; i++) {
        unsigned cpu = starting.slots[i].cpu;
        if (change_state(cpu, state, LOST))
            log_error("CPU %u (APIC ID %u) %s", cpu, starting.slots[i].apic_id, what);
    }
}

static unsigned online_count(void)
{
    unsigned n = 0;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        n += cpu_mask_has(&cpus_online, cpu);
    return n;
}

/* True when it is in; a CPU that is ONLINE adds itself to the mask next, and nothing can be in its way. */
static bool let_one_in(unsigned cpu)
{
    __atomic_store_n(&starting.turn, cpu, __ATOMIC_RELEASE);
    smp_reschedule(cpu);
    for (uint64_t waited = 0; waited < ENTER_TIMEOUT && !cpu_mask_has(&cpus_online, cpu); waited += ENTER_POLL)
        starting.ops->delay(ENTER_POLL);
    bool lost = change_state(cpu, READY, LOST) || change_state(cpu, ENTERING, LOST);
    if (lost)
        log_error("CPU %u hangs while it enters", cpu);
    return !lost;
}

/* What is RUNNING will be READY or UNFIT soon. One after another they go on, each while the others sleep. */
static void let_in(void)
{
    bool all = true;
    wait_for_all(RUNNING, ENTER_TIMEOUT);
    give_up(RUNNING, "hangs in its set-up");
    for (unsigned i = 0; i < starting.count && all; i++)
        if (state_of(starting.slots[i].cpu) == READY)
            all = let_one_in(starting.slots[i].cpu);
    give_up(READY, "is left out, after one that hangs");
}

unsigned smp_start(const struct smp_start *start)
{
    starting.ops = start;
    if (starting.page == 0 || paging_kernel.root >= GIB(4)) {
        log_warning("there is no usable memory below 1 MiB to start other CPUs with");
        return 1;
    }
    prepare_all();
    if (starting.count == 0)
        return 1;
    if (place_code()) {
        wake();
        give_up(STARTING, "does not start");
        let_in();
        if (how_many(LOST) == 0)
            remove_code();
    } else {
        log_error("no memory for the page tables that other CPUs start with");
    }
    log_info("%u of %u CPUs run", online_count(), cpu_count);
    return online_count();
}
