/*
 * What the files that deal with other CPUs know of each other.
 */
#ifndef CORRODE_ARCH_SMP_INTERNAL_H
#define CORRODE_ARCH_SMP_INTERNAL_H

#include "arch/x86_64/smp.h"

/* smp_call.c: sets the vector's handler. */
void smp_calls_init(void);

/* Stops this CPU for good if another one has asked for it (smp_stop_others). In an NMI. */
void smp_stop_if_asked(void);

/*
 * smp_entry.S: the code that is copied to the low page, and what it is given there. Every address in it is relative to
 * the page, where CS begins.
 */
extern const char smp_entry_start[], smp_entry_parameters[], smp_entry_end[];

struct smp_slot {
    uint32_t apic_id;
    uint32_t cpu;
    vaddr_t stack;
};

struct smp_parameters {
    uint32_t long_mode[2]; /* far pointer: physical address of the 64-bit part, and its selector */
    uint32_t cr3;
    uint32_t slot_count;
    struct smp_slot *slots;
    void (*enter)(unsigned cpu);
    uint16_t gdt_limit;
    uint32_t gdt_base;
} __attribute__((packed));

#endif
