/*
 * Interrupts, from their vectors to their handlers: see interrupt.h.
 *
 * Each CPU has its own 160 vectors for devices. A vector in use leads to a slot, which knows the handler; slots come
 * from one table for all CPUs. A slot is filled before its vector leads to it, and freed only after its CPU has been
 * seen outside handlers (they run with interrupts off, so a call function that has run there proves it). So the
 * dispatcher takes no lock.
 *
 * The INTERRUPT lock guards which slots and vectors are in use, and the registers of the I/O APICs.
 */
#include "arch/acpi/acpi.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/interrupt_internal.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/smp_internal.h"
#include "arch/x86_64/spinlock.h"
#include "arch/x86_64/trap.h"
#include "lib/errno.h"
#include "log.h"
#include "panic.h"
#include "random.h"

#define LOG_NAME "interrupt"

#define DEVICE_VECTORS (INTERRUPT_LAST - INTERRUPT_FIRST + 1)
#define KERNEL_FIRST (INTERRUPT_LAST + 1)
#define SLOT_MAX 512
#define NO_GSI (~0u)

/* What a device writes, and where (Intel SDM volume 3A, 11.11): to the CPU with that ID, edge-triggered. */
#define MESSAGE_ADDRESS(apic_id) (0xfee00000ull | (uint64_t)(apic_id) << 12)
#define MESSAGE_ID_MAX 254

static struct slot {
    interrupt_handler *handler; /* NULL: the slot is free */
    void *argument;
    const char *name;
    unsigned gsi; /* whose pin is connected; or NO_GSI */
    uint16_t cpu;
    uint8_t vector;
} slots[SLOT_MAX]; /* the first is never used: 0 means none */

static struct spinlock lock = SPINLOCK_INIT(INTERRUPT);
static interrupt_handler *kernel_handlers[256 - KERNEL_FIRST];
static const char *const kernel_names[256 - KERNEL_FIRST] = {
    [VECTOR_TIMER - KERNEL_FIRST] = "timer",
    [VECTOR_RESCHEDULE - KERNEL_FIRST] = "reschedule",
    [VECTOR_CALL - KERNEL_FIRST] = "call function",
    [VECTOR_ERROR - KERNEL_FIRST] = "APIC error",
    [VECTOR_SPURIOUS - KERNEL_FIRST] = "spurious",
};

PER_CPU(uint64_t[256], interrupt_counts);
static PER_CPU(unsigned, interrupt_depth);
static PER_CPU(uint16_t[DEVICE_VECTORS], vector_slots); /* index of the slot; 0: not in use */
static PER_CPU(unsigned, vectors_used);

/* ------------------------------------------------------------------------------------------------------------------
 * Dispatching
 */

bool interrupt_is_active(void)
{
    return this_cpu(interrupt_depth) != 0;
}

void interrupt_set_kernel_handler(enum interrupt_vector vector, interrupt_handler *handler)
{
    kernel_handlers[vector - KERNEL_FIRST] = handler;
}

static bool serve_device(unsigned vector)
{
    const struct slot *slot =
        &slots[__atomic_load_n(&this_cpu(vector_slots)[vector - INTERRUPT_FIRST], __ATOMIC_ACQUIRE)];
    if (slot == slots)
        return false;
    slot->handler(slot->argument);
    return true;
}

static bool serve_kernel(unsigned vector)
{
    interrupt_handler *handler = kernel_handlers[vector - KERNEL_FIRST];
    if (handler)
        handler(NULL);
    return handler || vector == VECTOR_SPURIOUS;
}

/* A masked 8259's last word needs no EOI, nor does a spurious interrupt: EOI is for what the APIC thinks is served. */
void interrupt_dispatch(unsigned vector)
{
    static struct log_ratelimit limit;
    bool served = false;

    this_cpu(interrupt_depth)++;
    interrupt_count_up(vector);
    if (vector >= KERNEL_FIRST)
        served = serve_kernel(vector);
    else if (vector >= INTERRUPT_FIRST) {
        served = serve_device(vector);
        random_add_event(vector); /* when devices have something to say is hard to guess */
    }
    if (!served && log_ratelimit(&limit))
        log_warning("vector %u came to CPU %u, and no one wants it", vector, cpu_number());
    if (served ? vector != VECTOR_SPURIOUS : apic_in_service(vector))
        apic_eoi();
    this_cpu(interrupt_depth)--;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Giving vectors out
 */

static bool can_take(unsigned cpu)
{
    return cpu < cpu_count && cpu_mask_has(&cpus_online, cpu) && cpu_local(apic_id, cpu) <= MESSAGE_ID_MAX &&
           cpu_local(vectors_used, cpu) < DEVICE_VECTORS;
}

/* The CPU that has the fewest; CPU_MAX when none has room. */
static unsigned choose_cpu(void)
{
    unsigned best = CPU_MAX;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        if (can_take(cpu) && (best == CPU_MAX || cpu_local(vectors_used, cpu) < cpu_local(vectors_used, best)))
            best = cpu;
    return best;
}

static struct slot *free_slot(void)
{
    for (unsigned i = 1; i < SLOT_MAX; i++)
        if (!slots[i].handler)
            return &slots[i];
    return NULL;
}

static unsigned free_vector(unsigned cpu)
{
    unsigned i = 0;
    while (cpu_local(vector_slots, cpu)[i] != 0)
        i++;
    return INTERRUPT_FIRST + i;
}

/* A slot and a vector that leads to it; NULL when there is none. */
static struct slot *allocate_locked(unsigned cpu, const struct slot *wanted)
{
    if (cpu == INTERRUPT_ANY_CPU)
        cpu = choose_cpu();
    struct slot *slot = free_slot();
    if (!slot || !can_take(cpu))
        return NULL;
    *slot = *wanted;
    slot->cpu = (uint16_t)cpu;
    slot->vector = (uint8_t)free_vector(cpu);
    cpu_local(interrupt_counts, cpu)[slot->vector] = 0;
    cpu_local(vectors_used, cpu)++;
    __atomic_store_n(
        &cpu_local(vector_slots, cpu)[slot->vector - INTERRUPT_FIRST], (uint16_t)(slot - slots), __ATOMIC_RELEASE);
    return slot;
}

static int number_of(const struct slot *slot)
{
    return slot->cpu << 8 | slot->vector;
}

static struct slot *slot_of(unsigned number)
{
    unsigned cpu = number >> 8, vector = number & 0xff;
    if (cpu >= cpu_count || vector < INTERRUPT_FIRST || vector > INTERRUPT_LAST)
        return slots;
    return &slots[cpu_local(vector_slots, cpu)[vector - INTERRUPT_FIRST]];
}

int interrupt_allocate(interrupt_handler *handler, void *argument, const char *name, unsigned cpu,
    uint64_t *message_address, uint32_t *message_data)
{
    spin_lock(&lock);
    const struct slot *slot =
        allocate_locked(cpu, &(struct slot){.handler = handler, .argument = argument, .name = name, .gsi = NO_GSI});
    int number = slot ? number_of(slot) : -ENOSPC;
    spin_unlock(&lock);
    if (number < 0)
        return number;
    if (message_address)
        *message_address = MESSAGE_ADDRESS(cpu_local(apic_id, (unsigned)number >> 8));
    if (message_data)
        *message_data = (uint32_t)number & 0xff;
    return number;
}

static void nothing(void *unused) {}

/* Nothing leads to the slot any more; when its CPU is seen outside handlers, nobody is using it. */
static void release(struct slot *slot)
{
    smp_call(slot->cpu, nothing, NULL);
    spin_lock(&lock);
    slot->handler = NULL;
    spin_unlock(&lock);
}

static void disconnect_locked(struct slot *slot)
{
    if (slot->gsi != NO_GSI)
        ioapic_mask(slot->gsi);
    cpu_local(vectors_used, slot->cpu)--;
    __atomic_store_n(&cpu_local(vector_slots, slot->cpu)[slot->vector - INTERRUPT_FIRST], 0, __ATOMIC_RELEASE);
}

void interrupt_free(int number)
{
    spin_lock(&lock);
    struct slot *slot = slot_of((unsigned)number);
    if (slot == slots)
        panic("interrupt %#x is freed, and is not in use", number);
    disconnect_locked(slot);
    spin_unlock(&lock);
    release(slot);
}

/* ------------------------------------------------------------------------------------------------------------------
 * I/O APIC
 */

static struct slot *slot_of_gsi(unsigned gsi)
{
    for (unsigned i = 1; i < SLOT_MAX; i++)
        if (slots[i].handler && slots[i].gsi == gsi)
            return &slots[i];
    return NULL;
}

int interrupt_request_gsi(
    unsigned gsi, bool level, bool active_low, interrupt_handler *handler, void *argument, const char *name)
{
    int error = 0;
    spin_lock(&lock);
    if (gsi == NO_GSI || !ioapic_has_gsi(gsi)) {
        error = -ENODEV;
    } else if (slot_of_gsi(gsi)) {
        error = -EBUSY;
    } else {
        const struct slot *slot = allocate_locked(
            INTERRUPT_ANY_CPU, &(struct slot){.handler = handler, .argument = argument, .name = name, .gsi = gsi});
        if (slot)
            ioapic_connect(gsi, slot->vector, cpu_local(apic_id, slot->cpu), level, active_low);
        else
            error = -ENOSPC;
    }
    spin_unlock(&lock);
    return error;
}

int interrupt_request_isa(unsigned irq, interrupt_handler *handler, void *argument, const char *name)
{
    enum acpi_polarity polarity;
    enum acpi_trigger trigger;
    if (irq > 15)
        return -ENODEV;
    unsigned gsi = acpi_isa_irq_to_gsi((uint8_t)irq, &polarity, &trigger);
    return interrupt_request_gsi(gsi, trigger == ACPI_LEVEL, polarity == ACPI_ACTIVE_LOW, handler, argument, name);
}

void interrupt_release_gsi(unsigned gsi)
{
    spin_lock(&lock);
    struct slot *slot = slot_of_gsi(gsi);
    if (!slot)
        panic("GSI %u is released, and is not in use", gsi);
    disconnect_locked(slot);
    slot->gsi = NO_GSI;
    spin_unlock(&lock);
    release(slot);
}

void interrupt_release_isa(unsigned irq)
{
    interrupt_release_gsi(acpi_isa_irq_to_gsi((uint8_t)irq, NULL, NULL));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reports
 */

static uint64_t total(unsigned vector)
{
    uint64_t sum = 0;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        sum += interrupt_count(vector, cpu);
    return sum;
}

static const char *fixed_name(unsigned vector)
{
    if (vector >= KERNEL_FIRST)
        return kernel_names[vector - KERNEL_FIRST];
    return vector < TRAP_EXCEPTIONS ? trap_name(vector) : NULL;
}

bool interrupt_row(unsigned index, struct interrupt_row *row)
{
    for (unsigned vector = 0; vector < 256; vector++) {
        if (fixed_name(vector) && total(vector) > 0 && index-- == 0) {
            *row = (struct interrupt_row){vector, fixed_name(vector)};
            return true;
        }
    }
    for (unsigned i = 1; i < SLOT_MAX; i++) {
        if (slots[i].handler && index-- == 0) {
            *row = (struct interrupt_row){(unsigned)number_of(&slots[i]), slots[i].name};
            return true;
        }
    }
    return false;
}

uint64_t interrupt_count(unsigned number, unsigned cpu)
{
    unsigned vector = number & 0xff;
    if (vector >= INTERRUPT_FIRST && vector <= INTERRUPT_LAST && number >> 8 != cpu)
        return 0;
    return __atomic_load_n(&cpu_local(interrupt_counts, cpu)[vector], __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Start-up
 */

volatile uint32_t *interrupt_map_controller(unsigned page, paddr_t registers)
{
    vaddr_t address = CONTROLLER_BASE + (vaddr_t)page * PAGE_SIZE;
    int error = paging_map(&paging_kernel, address, align_down(registers, PAGE_SIZE), PAGE_SIZE,
        MAP_WRITE | MAP_UNCACHED | MAP_SMALL_PAGES);
    if (error == -ENOMEM)
        panic("there is no memory to map the interrupt controller at %#lx", registers);
    if (error < 0)
        panic("the interrupt controller at %#lx cannot be mapped: error %d", registers, error);
    return (volatile uint32_t *)(address + registers % PAGE_SIZE);
}

static void reschedule(void *unused)
{
    /* The way out of the interrupt does it. */
}

void interrupt_init(void)
{
    if (acpi_has_8259())
        pic_silence();
    cpu_mask_add(&cpus_online, 0);
    apic_init();
    ioapic_init();
    interrupt_set_kernel_handler(VECTOR_RESCHEDULE, reschedule);
    smp_calls_init();
}

void interrupt_init_cpu(void)
{
    apic_init_cpu();
}
