/*
 * The local APIC, in x2APIC mode where the processor has it, else through its page: acknowledging, sending interrupts
 * to other CPUs, and its timer. Source: Intel SDM volume 3A, chapter 10.
 */
#ifndef CORRODE_ARCH_APIC_H
#define CORRODE_ARCH_APIC_H

#include "arch/x86_64/percpu.h"

DECLARE_PER_CPU(uint32_t, apic_id);

void apic_init(void);     /* the boot CPU: finds and enables it; maps its page */
void apic_init_cpu(void); /* another CPU */
void apic_eoi(void);
bool apic_is_x2apic(void);

/* To the CPU with that APIC ID. */
void apic_send(uint32_t apic_id, unsigned vector);
void apic_send_nmi(uint32_t apic_id);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, paddr_t page); /* page: below 1 MiB */

/*
 * The timer: one shot, VECTOR_TIMER. With TSC-deadline mode the argument is a TSC value; without, time/clock.c converts
 * to timer ticks, whose rate it has measured.
 */
bool apic_has_deadline(void);
void apic_timer_set_deadline(uint64_t tsc);
void apic_timer_set_count(uint32_t ticks); /* 0 stops it */
uint32_t apic_timer_count(void);           /* what is left, for calibration */
void apic_timer_init_cpu(void);

#endif
