/*
 * The glue between arch and what lies above it: see cpus.h.
 */
#include "cpus.h"

#include "arch/x86_64/fpu.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/trap.h"
#include "mm/slab.h"
#include "mm/vmap.h"
#include "panic.h"
#include "sched/sched.h"
#include "syscall/syscall.h"
#include "time/clock.h"
#include "time/timer.h"

static struct slab_cache *fpu_areas;

static void *fpu_allocate(void)
{
    return slab_allocate(fpu_areas, 0);
}

static void fpu_free(void *area)
{
    slab_free(fpu_areas, area);
}

static bool is_guard_page(vaddr_t address)
{
    struct vmap_area_info area;
    return vmap_find(address, &area) && area.guard;
}

void cpus_init(void)
{
    static const struct fpu_memory memory = {.allocate = fpu_allocate, .release = fpu_free};
    trap_set_guard_finder(is_guard_page);
    fpu_init(&memory);
    fpu_areas = slab_cache_create("fpu", fpu_area_size(), FPU_AREA_ALIGNMENT);
    if (!fpu_areas)
        panic("there is no memory for the first floating-point registers");
}

static void *allocate(size_t size)
{
    return vmap_allocate(size, ALLOC_ZERO);
}

/* Before the CPU counts as online: comparing clocks takes CPU 0, which waits for it meanwhile. */
static void prepare(void)
{
    clock_init_cpu();
    timers_init_cpu();
    sched_prepare_cpu();
    syscall_init_cpu();
}

void cpus_start(void)
{
    static const struct smp_start ops = {.stack = sched_idle_stack,
        .release_stack = sched_idle_release,
        .prepare = prepare,
        .enter = sched_enter_cpu,
        .allocate = allocate,
        .delay = clock_delay_serving};
    smp_start(&ops);
}
