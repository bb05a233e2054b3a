/*
 * /proc/interrupts: how often each CPU has been interrupted, and by what. Devices' interrupts have numbers of our own:
 * each CPU has vectors for itself (arch/x86_64/interrupt.h).
 */
#include "procfs/procfs_internal.h"

#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/smp.h"

/* The kernel's own, which Linux has names for. */
static const struct {
    const char *name;
    unsigned vector;
    const char *description;
} kernel_rows[] = {
    {"NMI", 2, "Non-maskable interrupts"},
    {"LOC", VECTOR_TIMER, "Local timer interrupts"},
    {"SPU", VECTOR_SPURIOUS, "Spurious interrupts"},
    {"RES", VECTOR_RESCHEDULE, "Rescheduling interrupts"},
    {"CAL", VECTOR_CALL, "Function call interrupts"},
    {"MCE", 18, "Machine check exceptions"},
};

static bool is_device(unsigned number)
{
    unsigned vector = number & 0xff;
    return vector >= INTERRUPT_FIRST && vector <= INTERRUPT_LAST;
}

/* A device's vector is one CPU's own; the kernel's are every CPU's. */
static void show_counts(struct text *out, unsigned number)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        if (cpu_mask_has(&cpus_online, cpu))
            text_printf(out, "%10lu ", interrupt_count(number, cpu));
}

int procfs_show_interrupts(struct text *out, const struct pseudo_node *node)
{
    struct interrupt_row row;
    text_puts(out, "     ");
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        if (cpu_mask_has(&cpus_online, cpu))
            text_printf(out, "      CPU%-2u", cpu);
    text_puts(out, "\n");
    for (unsigned i = 0; interrupt_row(i, &row); i++) {
        if (!is_device(row.number))
            continue;
        text_printf(out, "%4u:", row.number);
        show_counts(out, row.number);
        text_printf(out, "     APIC      %s\n", row.name);
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(kernel_rows); i++) {
        text_printf(out, "%4s:", kernel_rows[i].name);
        show_counts(out, kernel_rows[i].vector);
        text_printf(out, "  %s\n", kernel_rows[i].description);
    }
    return 0;
}

uint64_t procfs_interrupt_total(void)
{
    struct interrupt_row row;
    uint64_t total = 0;
    for (unsigned i = 0; interrupt_row(i, &row); i++)
        for (unsigned cpu = 0; cpu < cpu_count && row.number >= INTERRUPT_FIRST; cpu++)
            total += interrupt_count(row.number, cpu); /* below are exceptions */
    return total;
}
