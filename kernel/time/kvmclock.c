/*
 * The clock of a KVM host: see kvmclock.h. The host writes two structures to memory that a register of its names. They
 * are asked for once, and the register cleared again: with a counter that runs at one rate we keep time ourselves, and
 * need no page that changes while the guest runs.
 */
#include "time/kvmclock.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"
#include "time/clock.h"
#include "time/scale.h"

#define LEAF_SIGNATURE 0x40000000u /* ebx, ecx, edx: "KVMKVMKVM" */
#define LEAF_FEATURES 0x40000001u
#define FEATURE_CLOCK (1u << 3)
#define MSR_WALL_CLOCK 0x4b564d00
#define MSR_SYSTEM_TIME 0x4b564d01
#define SYSTEM_TIME_ENABLE 1u

/* As the host writes them; an odd version: it is at work on it. */
static volatile struct {
    struct {
        uint32_t version, unused;
        uint64_t tsc, system_ns; /* system time when the counter was at tsc */
        uint32_t multiplier;
        int8_t shift;
        uint8_t flags, unused2[2];
    } time;
    struct {
        uint32_t version, seconds, ns; /* of system time 0 */
    } wall;
} shared __attribute__((aligned(64)));

static bool is_there(void)
{
    if (!cpu_is_virtual())
        return false;
    struct cpuid leaf = cpu_id(LEAF_SIGNATURE, 0);
    return leaf.ebx == 0x4b4d564b && leaf.ecx == 0x564b4d56 && leaf.edx == 0x4d &&
           (cpu_id(LEAF_FEATURES, 0).eax & FEATURE_CLOCK);
}

uint64_t kvmclock_hz(uint32_t multiplier, int8_t shift)
{
    if (multiplier == 0 || shift < -31 || shift > 31)
        return 0;
    uint64_t hz = shift < 0 ? scale_ratio(NS_PER_SECOND, 1ull << (32 - shift), multiplier)
                            : scale_ratio(NS_PER_SECOND, 1ull << 32, multiplier) >> shift;
    return hz >= SCALE_MIN_HZ && hz <= SCALE_MAX_HZ ? hz : 0;
}

bool kvmclock_read(struct kvmclock *clock)
{
    paddr_t physical;
    if (!is_there() || !paging_lookup(&paging_kernel, (uintptr_t)&shared, &physical, NULL))
        return false;
    cpu_write_msr(MSR_SYSTEM_TIME, physical | SYSTEM_TIME_ENABLE);
    cpu_write_msr(MSR_WALL_CLOCK, physical + ((uintptr_t)&shared.wall - (uintptr_t)&shared));
    cpu_write_msr(MSR_SYSTEM_TIME, 0);
    uint64_t seconds = shared.wall.seconds;
    *clock = (struct kvmclock){
        .tsc_hz = kvmclock_hz(shared.time.multiplier, shared.time.shift),
        .wall_ns = seconds * NS_PER_SECOND + shared.wall.ns + shared.time.system_ns,
        .tsc = shared.time.tsc,
    };
    return clock->tsc_hz != 0 && seconds != 0 && ((shared.time.version | shared.wall.version) & 1) == 0;
}
