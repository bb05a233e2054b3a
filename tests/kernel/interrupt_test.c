/*
 * Interrupts: from devices of every PC through the I/O APIC, as messages, from CPU to CPU, and those that cannot be
 * masked.
 */
#include "ktest.h"
#include "on_cpus.h"

#include "arch/acpi/acpi.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/preempt.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/trap.h"
#include "lib/errno.h"
#include "time/clock.h"

static bool wait_for(const unsigned *count, unsigned wanted)
{
    uint64_t end = clock_monotonic() + 10 * NS_PER_SECOND;
    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < wanted)
        if (clock_monotonic() > end)
            return false;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The I/O APIC, with the two sources that every PC has: the interval timer (IRQ 0, which is often not pin 0) and the
 * real-time clock (IRQ 8).
 */

#define PIT_COMMAND 0x43
#define PIT_CHANNEL0 0x40
#define PIT_CHANNEL0_MODE2 0x34 /* low byte, then high; a pulse each time it has counted down */
#define PIT_DIVIDER 1193        /* 1000 Hz */

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define RTC_B 0x0b
#define RTC_C 0x0c
#define RTC_PERIODIC 0x40 /* in B: interrupt 1024 times a second */

struct seen {
    unsigned count, cpu;
    bool active, interrupts;
};

static void see(void *argument)
{
    struct seen *seen = argument;
    seen->cpu = cpu_number();
    seen->active = interrupt_is_active();
    seen->interrupts = cpu_interrupts_are_on();
    __atomic_fetch_add(&seen->count, 1, __ATOMIC_RELEASE);
}

static uint8_t cmos_read(uint8_t reg)
{
    outb(CMOS_INDEX, reg);
    return inb(CMOS_DATA);
}

static void see_rtc(void *argument)
{
    cmos_read(RTC_C); /* or it stays silent */
    see(argument);
}

static void start_pit(void)
{
    outb(PIT_COMMAND, PIT_CHANNEL0_MODE2);
    outb(PIT_CHANNEL0, PIT_DIVIDER & 0xff);
    outb(PIT_CHANNEL0, PIT_DIVIDER >> 8);
}

static void stop_pit(void)
{
    outb(PIT_COMMAND, 0x30); /* mode 0, and no count: nothing happens */
}

static void set_rtc(bool on)
{
    uint8_t b = cmos_read(RTC_B);
    outb(CMOS_INDEX, RTC_B);
    outb(CMOS_DATA, (uint8_t)(on ? b | RTC_PERIODIC : b & ~RTC_PERIODIC));
    cmos_read(RTC_C);
}

static void start_rtc(void)
{
    set_rtc(true);
}

static void stop_rtc(void)
{
    set_rtc(false);
}

static void try_isa(unsigned irq, interrupt_handler *handler, void (*start)(void), void (*stop)(void))
{
    struct seen seen = {0};
    if (acpi_ioapic_count() == 0) {
        ktest_skip("no I/O APIC");
        return;
    }
    if (!KTEST_CHECK(interrupt_request_isa(irq, handler, &seen, "test") == 0))
        return;
    KTEST_EQUAL(interrupt_request_isa(irq, handler, &seen, "test"), -EBUSY);
    start();
    KTEST_CHECK(wait_for(&seen.count, 20));
    KTEST_CHECK(seen.active);
    KTEST_CHECK(!seen.interrupts);
    KTEST_CHECK(!interrupt_is_active());
    interrupt_release_isa(irq);
    unsigned after = seen.count;
    clock_delay(10 * NS_PER_MS);
    KTEST_EQUAL(seen.count, after);
    stop();
}

/* Its interrupt arrives at input 2 on every PC; QEMU's microvm wires it so, too, but its tables do not say it. */
KTEST(interrupt_isa_timer)
{
    if (acpi_isa_irq_to_gsi(0, NULL, NULL) == 0) {
        ktest_skip("the ACPI tables do not say where the timer's interrupt arrives");
        return;
    }
    try_isa(0, see, start_pit, stop_pit);
}

KTEST(interrupt_isa_clock)
{
    try_isa(8, see_rtc, start_rtc, stop_rtc);
}

KTEST(interrupt_pins_that_are_not_there)
{
    KTEST_EQUAL(interrupt_request_isa(16, see, NULL, "test"), -ENODEV);
    KTEST_EQUAL(interrupt_request_gsi(100000, true, true, see, NULL, "test"), -ENODEV);
    KTEST_EQUAL(interrupt_request_gsi(~0u, true, true, see, NULL, "test"), -ENODEV);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Messages. Another CPU's interrupt is one, too: what counts is the vector that arrives.
 */

#define MESSAGE_BASE 0xfee00000u

/* Sends what the device would write. */
static void send_message(uint64_t address, uint32_t data)
{
    apic_send((uint32_t)(address - MESSAGE_BASE) >> 12 & 0xff, data & 0xff);
}

KTEST(interrupt_message_to_each_cpu)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        struct seen seen = {.cpu = CPU_MAX};
        uint64_t address = 0;
        uint32_t data = 0;
        int number = interrupt_allocate(see, &seen, "test", cpu, &address, &data);
        if (!KTEST_CHECK(number > 0))
            return;
        KTEST_EQUAL(address & ~0xff000ull, MESSAGE_BASE);
        KTEST_EQUAL(address >> 12 & 0xff, cpu_local(apic_id, cpu));
        KTEST_CHECK(data >= INTERRUPT_FIRST && data <= INTERRUPT_LAST);
        for (unsigned i = 1; i <= 3; i++) {
            send_message(address, data);
            KTEST_CHECK(wait_for(&seen.count, i));
        }
        KTEST_EQUAL(seen.cpu, cpu);
        KTEST_CHECK(seen.active);
        interrupt_free(number);
        KTEST_EQUAL(seen.count, 3);
    }
}

/* Every vector of a CPU, each with its own handler's argument; then there are no more; and all come back. */
KTEST(interrupt_every_vector)
{
    static struct seen seen[256];
    static struct {
        uint64_t address;
        uint32_t data;
        int number;
    } given[256];
    unsigned cpu = cpu_count - 1, count = 0;
    while (count < ARRAY_LENGTH(given)) {
        seen[count] = (struct seen){.cpu = CPU_MAX};
        given[count].number =
            interrupt_allocate(see, &seen[count], "test", cpu, &given[count].address, &given[count].data);
        if (given[count].number < 0)
            break;
        count++;
    }
    KTEST_CHECK(count > 100 && count <= INTERRUPT_LAST - INTERRUPT_FIRST + 1);
    KTEST_EQUAL(given[count].number, -ENOSPC);
    for (unsigned i = 0; i < count; i++)
        send_message(given[i].address, given[i].data);
    for (unsigned i = 0; i < count; i++) {
        KTEST_CHECK(wait_for(&seen[i].count, 1));
        KTEST_EQUAL(interrupt_count((unsigned)given[i].number, cpu), 1);
        interrupt_free(given[i].number);
        KTEST_EQUAL(seen[i].count, 1);
        KTEST_EQUAL(seen[i].cpu, cpu);
    }
}

/* How many vectors for devices each CPU has in use. */
static void count_vectors(unsigned *used)
{
    struct interrupt_row row;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        used[cpu] = 0;
    for (unsigned i = 0; interrupt_row(i, &row); i++)
        if ((row.number & 0xff) >= INTERRUPT_FIRST && (row.number & 0xff) <= INTERRUPT_LAST)
            used[row.number >> 8]++;
}

/* Spread over the CPUs: after many allocations all have the same number, but for one, whatever they had before. */
KTEST(interrupt_any_cpu_spreads)
{
    static int numbers[400];
    static unsigned used[CPU_MAX];
    unsigned count = 8 * cpu_count < 400 ? 8 * cpu_count : 400, most = 0, least = ~0u;
    for (unsigned i = 0; i < count; i++) {
        numbers[i] = interrupt_allocate(see, NULL, "test", INTERRUPT_ANY_CPU, NULL, NULL);
        KTEST_CHECK(numbers[i] > 0);
    }
    count_vectors(used);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        if (cpu_local(apic_id, cpu) > 254)
            continue;
        most = used[cpu] > most ? used[cpu] : most;
        least = used[cpu] < least ? used[cpu] : least;
    }
    KTEST_CHECK(most - least <= 1 || cpu_count > count / 8);
    for (unsigned i = 0; i < count; i++)
        if (numbers[i] > 0)
            interrupt_free(numbers[i]);
}

/* What no one wants is acknowledged, and hurts no one. */
KTEST(interrupt_unwanted)
{
    struct seen seen = {0};
    for (unsigned i = 0; i < 3; i++) {
        int number = interrupt_allocate(see, &seen, "test", 0, NULL, NULL);
        interrupt_free(number);
        apic_send(cpu_local(apic_id, 0), (unsigned)number & 0xff);
    }
    KTEST_EQUAL(seen.count, 0);
    int number = interrupt_allocate(see, &seen, "test", 0, NULL, NULL);
    apic_send(cpu_local(apic_id, 0), (unsigned)number & 0xff);
    KTEST_CHECK(wait_for(&seen.count, 1));
    interrupt_free(number);
}

KTEST(interrupt_rows_name_what_is_in_use)
{
    struct interrupt_row row;
    bool found = false;
    int number = interrupt_allocate(see, NULL, "a test's", 0, NULL, NULL);
    for (unsigned i = 0; interrupt_row(i, &row); i++) {
        KTEST_CHECK(row.name != NULL);
        found |= row.number == (unsigned)number && row.name[0] == 'a';
    }
    KTEST_CHECK(found);
    interrupt_free(number);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Non-maskable interrupts
 */

static struct {
    unsigned count;
    bool seen[CPU_MAX];
    bool stop;
    unsigned deaf;
} nmi;

static bool see_nmi(struct trap_frame *frame, vaddr_t address)
{
    nmi.seen[cpu_number()] = true;
    __atomic_fetch_add(&nmi.count, 1, __ATOMIC_RELEASE);
    return true;
}

/* All CPUs but the first turn interrupts off until it says so. */
static void send_nmis(unsigned cpu, void *unused)
{
    if (cpu != 0) {
        cpu_interrupts_disable();
        __atomic_fetch_add(&nmi.deaf, 1, __ATOMIC_RELEASE);
        while (!__atomic_load_n(&nmi.stop, __ATOMIC_ACQUIRE))
            cpu_pause();
        cpu_interrupts_enable();
        return;
    }
    KTEST_CHECK(wait_for(&nmi.deaf, cpu_count - 1));
    for (unsigned other = 1; other < cpu_count; other++)
        apic_send_nmi(cpu_local(apic_id, other));
    KTEST_CHECK(wait_for(&nmi.count, cpu_count - 1));
    for (unsigned other = 1; other < cpu_count; other++)
        KTEST_CHECK(nmi.seen[other]);
    KTEST_CHECK(!nmi.seen[0]);
    apic_send_nmi(this_cpu(apic_id));
    KTEST_CHECK(wait_for(&nmi.count, cpu_count));
    KTEST_CHECK(nmi.seen[0]);
    __atomic_store_n(&nmi.stop, true, __ATOMIC_RELEASE);
}

KTEST(interrupt_nmi_reaches_deaf_cpus)
{
    nmi.count = nmi.deaf = 0;
    nmi.stop = false;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        nmi.seen[cpu] = false;
    trap_handler *before = trap_set_handler(TRAP_NMI, see_nmi);
    on_cpus(send_nmis, NULL);
    trap_set_handler(TRAP_NMI, before);
}

KTEST(interrupt_nmi_of_no_one_is_survived)
{
    uint64_t before = interrupt_count(TRAP_NMI, 0);
    preempt_disable();
    unsigned cpu = cpu_number();
    before = interrupt_count(TRAP_NMI, cpu);
    apic_send_nmi(this_cpu(apic_id));
    uint64_t end = clock_monotonic() + NS_PER_SECOND;
    while (interrupt_count(TRAP_NMI, cpu) == before && clock_monotonic() < end)
        cpu_pause();
    KTEST_EQUAL(interrupt_count(TRAP_NMI, cpu), before + 1);
    preempt_enable();
}
