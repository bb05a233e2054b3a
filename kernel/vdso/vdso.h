/*
 * The functions of the vDSO, with the types that they and programs share.
 */
#ifndef CORRODE_VDSO_VDSO_H
#define CORRODE_VDSO_VDSO_H

#include "lib/types.h"

#define VDSO_DATA_SIZE 4096 /* of the page before the code, struct clock_shared */

/* The linker's: the first byte of the vDSO itself, in memory. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

struct vdso_timespec {
    int64_t seconds, nanoseconds;
};
struct vdso_timeval {
    int64_t seconds, microseconds;
};
struct vdso_timezone {
    int32_t minutes_west, daylight_saving;
};

int __vdso_clock_gettime(int clock, struct vdso_timespec *time);
int __vdso_clock_getres(int clock, struct vdso_timespec *resolution);
int __vdso_gettimeofday(struct vdso_timeval *time, struct vdso_timezone *zone);
int64_t __vdso_time(int64_t *time);
int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

#endif
