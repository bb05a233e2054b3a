/*
 * Code of the kernel's that runs in programs: reading the clocks, and which CPU this is, without a system call. It is a
 * shared object of its own (the vDSO), which the C libraries find by AT_SYSINFO_EHDR and look up like any other:
 * symbols of version LINUX_2.6. The page before it has what it computes with (time/share.h); both are mapped by
 * kernel/proc/vdso.c.
 *
 * Whatever it cannot answer it asks the kernel: other clocks, and all of them when the time-stamp counter is not the
 * clock. It may use nothing that needs a relocation: no table of addresses, no data of its own.
 *
 * Source: vdso(7); Intel SDM volume 2, LSL, RDPID, RDTSC, LFENCE; System V ABI, AMD64 supplement, A.2.1.
 */
#include "vdso/vdso.h"
#include "time/share.h"

#define EINVAL 22

#define SYS_CLOCK_GETTIME 228
#define SYS_CLOCK_GETRES 229
#define SYS_GETTIMEOFDAY 96
#define SYS_TIME 201

#define NS_PER_SECOND 1000000000ull
#define FINE_NS 1
#define COARSE_NS 4000000

enum {
    REALTIME = 0,
    MONOTONIC = 1,
    MONOTONIC_RAW = 4,
    REALTIME_COARSE = 5,
    MONOTONIC_COARSE = 6,
    BOOTTIME = 7,
    TAI = 11
};
#define WALL_CLOCKS (1u << REALTIME | 1u << REALTIME_COARSE | 1u << TAI)
#define STEADY_CLOCKS (1u << MONOTONIC | 1u << MONOTONIC_RAW | 1u << MONOTONIC_COARSE | 1u << BOOTTIME)
#define COARSE_CLOCKS (1u << REALTIME_COARSE | 1u << MONOTONIC_COARSE)

static inline const struct clock_shared *shared(void)
{
    return (const struct clock_shared *)(__ehdr_start - VDSO_DATA_SIZE);
}

static inline bool is_one_of(int clock, unsigned set)
{
    return clock >= 0 && clock < 32 && set >> clock & 1;
}

static inline uint64_t counter(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence\n"
                     "rdtsc"
        : "=a"(low), "=d"(high)
        :
        : "memory");
    return (uint64_t)high << 32 | low;
}

static inline long ask_kernel(long number, long first, void *second)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(first), "S"(second) : "rcx", "r11", "memory");
    return result;
}

/* False: only the kernel knows. */
static inline bool read_clock(bool wall, uint64_t *ns)
{
    const struct clock_shared *page = shared();
    for (;;) {
        uint32_t sequence = __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE);
        const struct clock_shared_copy *copy = &page->copies[sequence & 1];
        if (!copy->by_tsc)
            return false;
        *ns = time_lines_at(&copy->before, &copy->after, counter()) + (wall ? copy->wall_offset : 0);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__builtin_expect(__atomic_load_n(&page->sequence, __ATOMIC_RELAXED) == sequence, 1))
            return true;
    }
}

int __vdso_clock_gettime(int clock, struct vdso_timespec *time)
{
    uint64_t ns;
    bool wall = is_one_of(clock, WALL_CLOCKS);
    if (__builtin_expect((wall || is_one_of(clock, STEADY_CLOCKS)) && read_clock(wall, &ns), 1)) {
        time->seconds = (int64_t)(ns / NS_PER_SECOND);
        time->nanoseconds = (int64_t)(ns % NS_PER_SECOND);
        return 0;
    }
    return (int)ask_kernel(SYS_CLOCK_GETTIME, clock, time);
}

int __vdso_clock_getres(int clock, struct vdso_timespec *resolution)
{
    if (!is_one_of(clock, WALL_CLOCKS | STEADY_CLOCKS))
        return (int)ask_kernel(SYS_CLOCK_GETRES, clock, resolution);
    if (resolution)
        *resolution = (struct vdso_timespec){0, is_one_of(clock, COARSE_CLOCKS) ? COARSE_NS : FINE_NS};
    return 0;
}

int __vdso_gettimeofday(struct vdso_timeval *time, struct vdso_timezone *zone)
{
    uint64_t ns = 0;
    if (time && !read_clock(true, &ns))
        return (int)ask_kernel(SYS_GETTIMEOFDAY, (long)time, zone);
    if (time)
        *time = (struct vdso_timeval){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND / 1000)};
    if (zone) {
        zone->minutes_west = __atomic_load_n(&shared()->minutes_west, __ATOMIC_RELAXED);
        zone->daylight_saving = __atomic_load_n(&shared()->daylight_saving, __ATOMIC_RELAXED);
    }
    return 0;
}

int64_t __vdso_time(int64_t *time)
{
    uint64_t ns;
    if (!read_clock(true, &ns))
        return ask_kernel(SYS_TIME, (long)time, NULL);
    int64_t seconds = (int64_t)(ns / NS_PER_SECOND);
    if (time)
        *time = seconds;
    return seconds;
}

int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
    uint64_t number;
    uint32_t selector = shared()->cpu_selector;
    if (selector)
        __asm__ volatile("lsl %k1, %k0" : "=r"(number) : "r"(selector) : "cc");
    else
        __asm__ volatile("rdpid %0" : "=r"(number));
    if (cpu)
        *cpu = (unsigned)number;
    if (node)
        *node = 0;
    return 0;
}

/* The names without the prefix, too, as Linux has them. */
#define ALIAS(name) __typeof__(__vdso_##name) name __attribute__((weak, alias("__vdso_" #name)))
ALIAS(clock_gettime);
ALIAS(clock_getres);
ALIAS(gettimeofday);
ALIAS(time);
ALIAS(getcpu);
