/*
 * The local APIC: see apic.h.
 *
 * It has two sets of the same registers: a page of memory (xAPIC, IDs of 8 bits) and, on newer processors, MSRs
 * (x2APIC, IDs of 32 bits). All CPUs use the same. Messages of devices reach an x2APIC reliably only through interrupt
 * remapping, which we do not do, or in a virtual machine, where MSRs are also much cheaper. So x2APIC mode is used when
 * the firmware has turned it on already, when there is a hypervisor, when some CPU's ID needs it; `apic=xapic` or
 * `apic=x2apic` on the command line decides otherwise.
 *
 * Each CPU uses its own APIC only, so there are no locks; but a command to another CPU takes two writes in xAPIC mode,
 * for which interrupts are off.
 *
 * Source: Intel SDM volume 3A, chapter 11 (11.4 registers, 11.5 local vectors and timer, 11.6 commands, 11.12 x2APIC).
 */
#include "arch/x86_64/apic.h"
#include "arch/acpi/acpi.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/interrupt_internal.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "log.h"
#include "panic.h"

#define LOG_NAME "apic"

#define APIC_BASE_ENABLE (1u << 11)
#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ull
#define MSR_X2APIC(reg) (0x800 + (reg) / 16)
#define MSR_X2APIC_ICR 0x830

enum apic_register {
    APIC_ID = 0x20,
    APIC_VERSION = 0x30,
    APIC_TPR = 0x80,
    APIC_EOI = 0xb0,
    APIC_SVR = 0xf0,
    APIC_ISR = 0x100,
    APIC_ESR = 0x280,
    APIC_LVT_CMCI = 0x2f0,
    APIC_ICR = 0x300,
    APIC_ICR_HIGH = 0x310,
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_THERMAL = 0x330,
    APIC_LVT_PERFORMANCE = 0x340,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_LVT_ERROR = 0x370,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0,
};

#define SVR_ENABLE (1u << 8)
#define LVT_MASKED (1u << 16)
#define LVT_NMI (4u << 8)
#define LVT_ACTIVE_LOW (1u << 13)
#define LVT_DEADLINE (2u << 17)
#define TIMER_DIVIDE_BY_1 0xb

#define ICR_NMI (4u << 8)
#define ICR_INIT (5u << 8)
#define ICR_STARTUP (6u << 8)
#define ICR_PENDING (1u << 12)
#define ICR_ASSERT (1u << 14)
#define PENDING_SPINS 100000

PER_CPU(uint32_t, apic_id);
static bool x2apic;
static volatile uint32_t *registers; /* in xAPIC mode */

static uint32_t apic_read(enum apic_register reg)
{
    return x2apic ? (uint32_t)cpu_read_msr(MSR_X2APIC(reg)) : registers[reg / sizeof *registers];
}

static void apic_write(enum apic_register reg, uint32_t value)
{
    if (x2apic)
        cpu_write_msr(MSR_X2APIC(reg), value);
    else
        registers[reg / sizeof *registers] = value;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Set-up
 */

static bool some_id_needs_x2apic(void)
{
    for (unsigned i = 0; i < acpi_cpu_count(); i++)
        if (acpi_cpu(i)->enabled && acpi_cpu(i)->apic_id > 254)
            return true;
    return false;
}

static bool wants_x2apic(void)
{
    char wish[8] = "";
    bool on = cpu_read_msr(MSR_APIC_BASE) & APIC_BASE_X2APIC;
    bool has_wish = cmdline_get("apic", wish, sizeof wish) >= 0;
    bool x = strcmp(wish, "xapic") == 0, x2 = strcmp(wish, "x2apic") == 0;
    if (has_wish && !x && !x2)
        log_warning("apic=%s is none of xapic, x2apic", wish);
    if (!cpu_has(CPU_X2APIC))
        return false;
    if (x2)
        return true;
    if (x)
        return on; /* there is a way back, but not on every processor */
    return on || cpu_has(CPU_HYPERVISOR) || some_id_needs_x2apic();
}

/* Both steps are needed: from disabled straight to x2APIC is not allowed. */
static void enable(void)
{
    uint64_t base = cpu_read_msr(MSR_APIC_BASE);
    if (!(base & APIC_BASE_ENABLE))
        cpu_write_msr(MSR_APIC_BASE, base |= APIC_BASE_ENABLE);
    if (x2apic && !(base & APIC_BASE_X2APIC))
        cpu_write_msr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
}

/* Interrupts that the firmware left half served would block all lower vectors. */
static void finish_what_is_in_service(void)
{
    for (unsigned words = 0; words < 256; words++) {
        uint32_t left = 0;
        for (unsigned i = 0; i < 8; i++)
            left |= apic_read(APIC_ISR + 16 * i);
        if (!left)
            return;
        apic_eoi();
    }
}

/* The pin that the firmware says brings NMIs; the others stay masked, ExtINT too, for the 8259s are silent. */
static void set_nmi_pin(void)
{
    for (unsigned i = 0; i < acpi_cpu_count(); i++) {
        const struct acpi_cpu *cpu = acpi_cpu(i);
        if (cpu->apic_id != this_cpu(apic_id) || cpu->nmi_lint == ACPI_NO_LINT)
            continue;
        apic_write(cpu->nmi_lint == 0 ? APIC_LVT_LINT0 : APIC_LVT_LINT1,
            LVT_NMI | (cpu->nmi_polarity == ACPI_ACTIVE_LOW ? LVT_ACTIVE_LOW : 0));
    }
}

static void mask_local_vectors(void)
{
    /* How many there are beyond the first three; some emulators and old processors refuse registers they lack. */
    unsigned last = apic_read(APIC_VERSION) >> 16 & 0xff;
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    apic_write(APIC_LVT_LINT0, LVT_MASKED);
    apic_write(APIC_LVT_LINT1, LVT_MASKED);
    if (last >= 4)
        apic_write(APIC_LVT_PERFORMANCE, LVT_MASKED);
    if (last >= 5)
        apic_write(APIC_LVT_THERMAL, LVT_MASKED);
    if (last >= 6)
        apic_write(APIC_LVT_CMCI, LVT_MASKED);
}

void apic_init_cpu(void)
{
    enable();
    this_cpu(apic_id) = x2apic ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
    apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
    mask_local_vectors();
    apic_write(APIC_LVT_ERROR, VECTOR_ERROR);
    apic_write(APIC_TPR, 0);
    set_nmi_pin();
    finish_what_is_in_service();
    apic_write(APIC_ESR, 0);
}

static void error(void *unused)
{
    static struct log_ratelimit limit;
    apic_write(APIC_ESR, 0); /* the errors since the last time are readable after a write */
    uint32_t status = apic_read(APIC_ESR);
    if (log_ratelimit(&limit))
        log_warning("CPU %u: error status %#x", cpu_number(), status);
}

void apic_init(void)
{
    if (!cpu_has(CPU_APIC))
        panic("this machine has no local APIC, or its firmware has turned it off; Corrode cannot run without");
    x2apic = wants_x2apic();
    paddr_t address = cpu_read_msr(MSR_APIC_BASE) & APIC_BASE_ADDRESS;
    if (!x2apic) {
        if (address != acpi_lapic_address())
            log_warning("it is at %#lx, not at %#lx as the ACPI tables say", address, acpi_lapic_address());
        registers = interrupt_map_controller(0, address);
    }
    interrupt_set_kernel_handler(VECTOR_ERROR, error);
    apic_init_cpu();
    log_info("%s mode, boot CPU's ID %u, version %#x", x2apic ? "x2APIC" : "xAPIC", this_cpu(apic_id),
        apic_read(APIC_VERSION));
}

bool apic_is_x2apic(void)
{
    return x2apic;
}

void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

bool apic_in_service(unsigned vector)
{
    return apic_read(APIC_ISR + 16 * (vector / 32)) >> vector % 32 & 1;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Commands to other CPUs
 */

static void wait_for_delivery(void)
{
    for (unsigned spins = 0; apic_read(APIC_ICR) & ICR_PENDING && spins < PENDING_SPINS; spins++)
        cpu_pause();
}

static void command(uint32_t id, uint32_t what)
{
    if (x2apic) {
        /* Writes to these MSRs, unlike others, may pass stores that the other CPU is to see (SDM 11.12.3). */
        __asm__ volatile("mfence; lfence" : : : "memory");
        cpu_write_msr(MSR_X2APIC_ICR, (uint64_t)id << 32 | what);
        return;
    }
    bool interrupts = cpu_interrupts_disable();
    wait_for_delivery();
    apic_write(APIC_ICR_HIGH, id << 24);
    apic_write(APIC_ICR, what);
    if (interrupts)
        cpu_interrupts_enable();
}

void apic_send(uint32_t id, unsigned vector)
{
    command(id, ICR_ASSERT | vector);
}

void apic_send_nmi(uint32_t id)
{
    command(id, ICR_ASSERT | ICR_NMI);
}

void apic_send_init(uint32_t id)
{
    command(id, ICR_ASSERT | ICR_INIT);
}

void apic_send_startup(uint32_t id, paddr_t page)
{
    command(id, ICR_ASSERT | ICR_STARTUP | (uint32_t)(page >> 12));
}

/* ------------------------------------------------------------------------------------------------------------------
 * The timer
 */

bool apic_has_deadline(void)
{
    return cpu_has(CPU_TSC_DEADLINE);
}

void apic_timer_init_cpu(void)
{
    apic_write(APIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
    apic_write(APIC_LVT_TIMER, VECTOR_TIMER | (apic_has_deadline() ? LVT_DEADLINE : 0));
    __asm__ volatile("mfence" : : : "memory"); /* before the first deadline, in xAPIC mode (SDM 11.5.4.1) */
}

void apic_timer_set_deadline(uint64_t tsc)
{
    cpu_write_msr(MSR_TSC_DEADLINE, tsc);
}

void apic_timer_set_count(uint32_t ticks)
{
    apic_write(APIC_TIMER_INITIAL, ticks);
}

uint32_t apic_timer_count(void)
{
    return apic_read(APIC_TIMER_CURRENT);
}
