/*
 * A machine with clocks, for the unit tests of kernel/time: its own time, which passes by every access, the counters
 * that a PC has, each of which may be missing, stuck or lie, the CMOS clock, and the timer of one local APIC per CPU.
 */
#ifndef CORRODE_TESTS_TIME_MACHINE_H
#define CORRODE_TESTS_TIME_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

struct fake_counter {
    bool present, stuck;
    uint64_t hz;   /* what it really counts at; 0: what it should */
    uint64_t mask; /* how wide it really is; 0: as it should be */
};

extern struct time_machine {
    uint64_t ps;           /* its time, in picoseconds */
    uint64_t access_ps;    /* what an access to a port or device takes */
    unsigned stall_one_in; /* so often an access takes stall_ps more; 0: never */
    uint64_t stall_ps;
    unsigned stall_after; /* so many accesses from now one takes stall_ps more, once; 0: never */

    uint64_t tsc_hz;
    uint64_t tsc_start;
    uint64_t tsc_ahead; /* of every CPU but 0 */
    bool invariant;
    uint64_t told_hypervisor_khz; /* CPUID 40000010h; 0: no such leaf */
    uint32_t crystal[3];          /* CPUID 15h: eax, ebx, ecx */
    uint32_t told_mhz;            /* CPUID 16h */

    struct fake_counter hpet, pm, pit;
    uint32_t pm_mask; /* what the tables say */
    uint64_t hpet_says_hz;
    uint8_t cmos[128];
    uint8_t century_register;

    bool deadline; /* the local APIC's timer has that mode */
    uint64_t apic_hz;
    bool apic_stuck;

    unsigned warnings;
    char warning[512];   /* the last one */
    unsigned programmed; /* how often the local APIC's timer was set */
    unsigned interrupts; /* of it */
} machine;

/* A machine as it should be: 3 GHz, all counters. */
void machine_plug_in(void);

/* Time passes, and this CPU's timer interrupts come. */
void machine_run(uint64_t ns);

static inline uint64_t machine_ns(void)
{
    return machine.ps / 1000;
}

/* Runs FUNCTION in a process of its own, so that what is set up once can be set up again. */
void in_fresh_kernel(void (*function)(void));

#endif
