/*
 * What a KVM host tells of time: how fast the guest's time-stamp counter runs, and what time it is.
 *
 * Source: Linux Documentation/virt/kvm/x86/msr.rst and cpuid.rst.
 */
#ifndef CORRODE_TIME_KVMCLOCK_H
#define CORRODE_TIME_KVMCLOCK_H

#include "lib/types.h"

struct kvmclock {
    uint64_t tsc_hz;
    uint64_t wall_ns; /* since 1970, at `tsc` */
    uint64_t tsc;
};

/* Asks once. False: it is not KVM, or does not tell. The kernel's page tables must be there. */
bool kvmclock_read(struct kvmclock *clock);

/* A count takes MULTIPLIER / 2^32 * 2^SHIFT nanoseconds; 0 when that is no rate. */
uint64_t kvmclock_hz(uint32_t multiplier, int8_t shift);

#endif
