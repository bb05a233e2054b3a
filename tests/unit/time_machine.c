/*
 * The machine with clocks: see time_machine.h.
 */
#include "tests/unit/time_machine.h"
#include "tests/unit/unit.h"

#include "arch/acpi/acpi.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/paging.h"
#include "log.h"
#include "time/source.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define PM_PORT 0x608

struct time_machine machine;

void machine_plug_in(void)
{
    machine = (struct time_machine){
        .ps = 1000000000000,
        .access_ps = 200000,
        .tsc_hz = 3000000000,
        .invariant = true,
        .hpet = {.present = true},
        .pm = {.present = true},
        .pit = {.present = true},
        .pm_mask = 0xffffff,
        .hpet_says_hz = 14318180,
        .apic_hz = 62500000,
    };
    machine.cmos[0x0d] = 0x80;
}

static uint64_t count_at(uint64_t ps, uint64_t hz)
{
    return (uint64_t)((unsigned __int128)ps * hz / 1000000000000);
}

static uint64_t read_counter(const struct fake_counter *counter, uint64_t hz, uint64_t mask)
{
    machine.ps += machine.access_ps;
    if (machine.stall_one_in && rand() % (int)machine.stall_one_in == 0)
        machine.ps += machine.stall_ps;
    if (machine.stall_after && --machine.stall_after == 0)
        machine.ps += machine.stall_ps;
    if (counter->stuck)
        return 0x1234 & mask;
    return count_at(machine.ps, counter->hz ? counter->hz : hz) & (counter->mask ? counter->mask : mask);
}

uint64_t fake_tsc(void)
{
    uint64_t now = __atomic_add_fetch(&machine.ps, 10000, __ATOMIC_SEQ_CST); /* two CPUs may ask at once */
    return machine.tsc_start + (fake_cpu ? machine.tsc_ahead : 0) + count_at(now, machine.tsc_hz);
}

struct cpuid fake_cpuid(uint32_t leaf, uint32_t subleaf)
{
    switch (leaf) {
    case 0: return (struct cpuid){.eax = machine.told_mhz ? 0x16 : machine.crystal[0] ? 0x15 : 0x0d};
    case 0x15: return (struct cpuid){machine.crystal[0], machine.crystal[1], machine.crystal[2], 0};
    case 0x16: return (struct cpuid){.eax = machine.told_mhz};
    case 0x40000000: return (struct cpuid){.eax = machine.told_hypervisor_khz ? 0x40000010 : 0x40000001};
    case 0x40000010: return (struct cpuid){.eax = (uint32_t)machine.told_hypervisor_khz};
    case 0x80000000: return (struct cpuid){.eax = 0x80000008};
    case 0x80000007: return (struct cpuid){.edx = machine.invariant ? 1u << 8 : 0};
    default: return (struct cpuid){0};
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Ports
 */

static struct {
    uint16_t latch;
    unsigned bytes; /* of the latched count that have been read */
    uint8_t cmos_index;
} port;

void fake_outb(uint16_t number, uint8_t value)
{
    machine.ps += machine.access_ps;
    if (number == 0x43 && value == 0x80) {
        port.latch = (uint16_t)(0x10000 - read_counter(&machine.pit, 1193182, 0xffff));
        port.bytes = 0;
    } else if (number == 0x70) {
        port.cmos_index = value & 0x7f;
    }
}

uint8_t fake_inb(uint16_t number)
{
    machine.ps += machine.access_ps;
    switch (number) {
    case 0x42: return !machine.pit.present ? 0xff : (uint8_t)(port.latch >> 8 * (port.bytes++ & 1));
    case 0x61: return machine.pit.present ? 0x30 : 0xff;
    case 0x71: return machine.cmos[port.cmos_index];
    default: return 0xff;
    }
}

uint32_t fake_inl(uint16_t number)
{
    assert_int_equal(number, PM_PORT);
    return machine.pm.present ? (uint32_t)read_counter(&machine.pm, ACPI_PM_TIMER_HZ, machine.pm_mask) : UINT32_MAX;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Tables
 */

const struct acpi_pm_timer *acpi_pm_timer(void)
{
    static struct acpi_pm_timer timer = {.counter = {.space = ACPI_SPACE_IO, .width = 32, .address = PM_PORT}};
    timer.mask = machine.pm_mask;
    return machine.pm_mask ? &timer : NULL;
}

uint8_t acpi_century_register(void)
{
    return machine.century_register;
}

static uint64_t hpet_read(void)
{
    return machine.hpet.present ? read_counter(&machine.hpet, 14318180, UINT32_MAX) : UINT32_MAX;
}

static bool hpet_find(struct clock_source *source)
{
    source->hz = machine.hpet_says_hz;
    source->mask = UINT32_MAX;
    return machine.hpet_says_hz != 0;
}

struct clock_source clock_hpet = {.name = "hpet", .rating = 200, .find = hpet_find, .read = hpet_read};

/* ------------------------------------------------------------------------------------------------------------------
 * The local APIC's timer, and interrupts
 */

static struct {
    uint64_t due; /* ps; UINT64_MAX: not set */
    uint64_t start;
    uint32_t count;
} apic[CPU_MAX];
static interrupt_handler *timer_handler;

void interrupt_set_kernel_handler(enum interrupt_vector vector, interrupt_handler *handler)
{
    assert_int_equal(vector, VECTOR_TIMER);
    timer_handler = handler;
}

bool apic_has_deadline(void)
{
    return machine.deadline;
}

void apic_timer_init_cpu(void)
{
    apic[fake_cpu].due = UINT64_MAX;
}

static uint64_t ps_of(uint64_t count, uint64_t hz)
{
    return (uint64_t)((unsigned __int128)count * 1000000000000 / hz);
}

void apic_timer_set_deadline(uint64_t tsc)
{
    assert_true(machine.deadline);
    machine.programmed++;
    apic[fake_cpu].due = ps_of(tsc - machine.tsc_start, machine.tsc_hz);
}

void apic_timer_set_count(uint32_t ticks)
{
    machine.programmed++;
    apic[fake_cpu].start = machine.ps;
    apic[fake_cpu].count = ticks;
    apic[fake_cpu].due = ticks ? machine.ps + ps_of(ticks, machine.apic_hz) : UINT64_MAX;
}

uint32_t apic_timer_count(void)
{
    machine.ps += machine.access_ps;
    if (machine.apic_stuck)
        return apic[fake_cpu].count;
    uint64_t passed =
        (uint64_t)((unsigned __int128)(machine.ps - apic[fake_cpu].start) * machine.apic_hz / 1000000000000);
    return passed < apic[fake_cpu].count ? apic[fake_cpu].count - (uint32_t)passed : 0;
}

void machine_run(uint64_t ns)
{
    uint64_t end = machine.ps + ns * 1000;
    while (apic[fake_cpu].due <= end) {
        if (machine.ps < apic[fake_cpu].due)
            machine.ps = apic[fake_cpu].due;
        apic[fake_cpu].due = UINT64_MAX;
        machine.interrupts++;
        timer_handler(NULL);
    }
    if (machine.ps < end)
        machine.ps = end;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The rest
 */

/* Only KVM would be told where a structure lies. */
struct page_table paging_kernel;
uint64_t paging_lookup(const struct page_table *table, vaddr_t address, paddr_t *physical, unsigned *flags)
{
    fail();
    return 0;
}

void log_write(enum log_level level, const char *format, ...)
{
    if (level > LOG_WARNING)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(machine.warning, sizeof machine.warning, format, arguments);
    va_end(arguments);
    machine.warnings++;
}

void log_set_clock(uint64_t (*nanoseconds)(void)) {}

void in_fresh_kernel(void (*function)(void))
{
    fflush(stdout);
    fflush(stderr);
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        setenv("CMOCKA_TEST_ABORT", "1", 1); /* an assertion that fails must not go on with the other tests */
        function();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}
