/*
 * Floating-point and vector registers: see fpu.h.
 *
 * The best pair of instructions that the processor has is chosen once: XSAVES (compacted, writes only what is in use
 * and has changed), XSAVEOPT (the same in the standard format), XSAVEC (compacted, what is in use), XSAVE, FXSAVE;
 * `fpu=xsave`, say, on the command line chooses another, and `noavx` leaves out all but x87 and SSE. The compacted
 * format is tried once before it is trusted: Bochs 2.7 writes it to where it does not read it.
 *
 * Memory is the truth of every thread that does not run; the registers are that of the one that does. fpu_switch_out
 * brings the memory up to date, and leaves the registers alone; so they stay right for this thread until another one
 * loads its own there. Each CPU counts its loads, and a thread remembers the CPU and the count of its last load: if
 * both still hold when it comes back, nothing need be loaded. Whoever changes the memory of a thread makes it forget
 * (`forget`). Since a thread that does not run owns nothing in any CPU, copying and releasing need no other CPU.
 *
 * Everything here runs on the CPU that it is about, with interrupts off where a switch must not come between; there are
 * no locks.
 *
 * Source: Intel SDM volume 1, 10.5 (FXSAVE), chapter 13 (XSAVE: 13.4 the area, 13.6 and 13.12 the init and modified
 * optimisations); volume 2, CPUID leaf 0Dh; volume 4, IA32_XSS.
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/fpu_internal.h"
#include "lib/cmdline.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log.h"
#include "panic.h"

#define LOG_NAME "fpu"

#define MSR_XSS 0xda0

#define AVX_OFFSET 576 /* of its component in a compacted area: it is always the first */
#define XCOMP_COMPACTED (1ull << 63)

/* The head of every area. */
struct fpu_area {
    uint16_t fcw;
    uint8_t x87[22];
    uint32_t mxcsr;
    uint8_t registers[484];
    uint64_t xstate_bv, xcomp_bv; /* from here on, XSAVE only */
};
_Static_assert(offsetof(struct fpu_area, mxcsr) == 24, "FXSAVE");
_Static_assert(offsetof(struct fpu_area, xstate_bv) == FXSAVE_SIZE, "XSAVE");

enum method { FXSAVE, XSAVE, XSAVEC, XSAVEOPT, XSAVES }; /* from worst to best */
static const char *const method_names[] = {"fxsave", "xsave", "xsavec", "xsaveopt", "xsaves"};

#define NOWHERE CPU_MAX /* the registers of no CPU */

static enum method method;
uint64_t fpu_components;
static size_t area_size;
static const struct fpu_memory *memory;

PER_CPU(struct thread_fpu *, fpu_current);
static PER_CPU(uint64_t, loads);

/* ------------------------------------------------------------------------------------------------------------------
 * Saving and loading
 */

#define SAVE_WITH(instruction)                                                                                         \
    __asm__ volatile(instruction " %0"                                                                                 \
        : "+m"(*(char(*)[FXSAVE_SIZE])area)                                                                            \
        : "a"((uint32_t)fpu_components), "d"((uint32_t)(fpu_components >> 32))                                         \
        : "memory")

static void save(void *area)
{
    switch (method) {
    case XSAVES: SAVE_WITH("xsaves64"); break;
    case XSAVEOPT: SAVE_WITH("xsaveopt64"); break;
    case XSAVEC: SAVE_WITH("xsavec64"); break;
    case XSAVE: SAVE_WITH("xsave64"); break;
    case FXSAVE: SAVE_WITH("fxsave64"); break;
    }
}

static void load(const void *area)
{
#define LOAD_WITH(instruction)                                                                                         \
    __asm__ volatile(instruction " %0"                                                                                 \
        :                                                                                                              \
        : "m"(*(const char(*)[FXSAVE_SIZE])area), "a"((uint32_t)fpu_components), "d"((uint32_t)(fpu_components >> 32)) \
        : "memory")

    if (method == XSAVES)
        LOAD_WITH("xrstors64");
    else if (method == FXSAVE)
        LOAD_WITH("fxrstor64");
    else
        LOAD_WITH("xrstor64");
}

static bool is_compacted(enum method which)
{
    return which == XSAVES || which == XSAVEC;
}

/* The state after FNINIT and at a program's start: everything zero, but for the two control words. */
static void set_initial(void *memory_of_area)
{
    struct fpu_area *area = memory_of_area;
    memset(area, 0, area_size);
    area->fcw = FCW_INIT;
    area->mxcsr = MXCSR_INIT;
    if (is_compacted(method))
        area->xcomp_bv = XCOMP_COMPACTED | fpu_components;
}

static void forget(struct thread_fpu *fpu)
{
    fpu->cpu = NOWHERE;
    fpu->loaded = 0;
}

/* Do this CPU's registers hold what this thread left there, or is it running with them now? */
static bool is_loaded(const struct thread_fpu *fpu)
{
    return fpu->cpu == cpu_number() && fpu->loaded == this_cpu(loads);
}

void fpu_switch_out(struct thread_fpu *fpu)
{
    if (fpu->area)
        save(fpu->area);
}

void fpu_switch_in(struct thread_fpu *fpu)
{
    if (!fpu->area || is_loaded(fpu))
        return;
    load(fpu->area);
    fpu->cpu = cpu_number();
    fpu->loaded = ++this_cpu(loads);
}

uint64_t fpu_load_count(unsigned cpu)
{
    return __atomic_load_n(&cpu_local(loads, cpu), __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Threads
 */

int fpu_enable(struct thread_fpu *fpu)
{
    if (fpu->area)
        return 0;
    void *area = memory->allocate();
    if (!area)
        return -ENOMEM;
    set_initial(area);
    bool interrupts = cpu_interrupts_disable();
    forget(fpu);
    fpu->area = area;
    if (this_cpu(fpu_current) == fpu)
        fpu_switch_in(fpu);
    if (interrupts)
        cpu_interrupts_enable();
    return 0;
}

void fpu_release(struct thread_fpu *fpu)
{
    void *area = fpu->area;
    if (!area)
        return;
    bool interrupts = cpu_interrupts_disable();
    fpu->area = NULL; /* from here on no switch saves to it */
    forget(fpu);
    if (interrupts)
        cpu_interrupts_enable();
    memory->release(area);
}

int fpu_copy(struct thread_fpu *to, struct thread_fpu *from)
{
    if (!from->area) {
        fpu_release(to);
        return 0;
    }
    void *area = to->area ? to->area : memory->allocate();
    if (!area)
        return -ENOMEM;
    bool interrupts = cpu_interrupts_disable();
    if (this_cpu(fpu_current) == from)
        save(from->area);
    memcpy(area, from->area, area_size);
    forget(to);
    to->area = area;
    if (this_cpu(fpu_current) == to)
        fpu_switch_in(to);
    if (interrupts)
        cpu_interrupts_enable();
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Start-up
 */

static bool has_method(enum method which)
{
    static const enum cpu_feature features[] = {
        [FXSAVE] = CPU_FXSR,
        [XSAVE] = CPU_XSAVE,
        [XSAVEC] = CPU_XSAVEC,
        [XSAVEOPT] = CPU_XSAVEOPT,
        [XSAVES] = CPU_XSAVES,
    };
    return cpu_has(features[which]) && (which == FXSAVE || cpu_has(CPU_XSAVE));
}

/* The best that is no better than LIMIT. */
static enum method best_method(enum method limit)
{
    while (limit > FXSAVE && !has_method(limit))
        limit--;
    return limit;
}

/* What the command line asks for; XSAVES if nothing. */
static enum method wanted_method(void)
{
    char wish[12];
    if (cmdline_get("fpu", wish, sizeof wish) < 0)
        return XSAVES;
    for (unsigned i = 0; i < ARRAY_LENGTH(method_names); i++)
        if (strcmp(wish, method_names[i]) == 0)
            return i;
    log_warning("fpu=%s is none of fxsave, xsave, xsavec, xsaveopt, xsaves", wish);
    return XSAVES;
}

static uint64_t usable_components(void)
{
    struct cpuid id = cpu_id(0xd, 0);
    uint64_t supported = (uint64_t)id.edx << 32 | id.eax;
    uint64_t usable = supported & (XCR0_BASE | XCR0_AVX);
    if (cmdline_flag("noavx"))
        usable &= XCR0_BASE;
    if (usable & XCR0_AVX && (supported & XCR0_AVX512) == XCR0_AVX512)
        usable |= XCR0_AVX512;
    return usable;
}

void fpu_init_cpu(void)
{
    const uint32_t mxcsr = MXCSR_INIT;
    if (method != FXSAVE)
        __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)fpu_components), "d"((uint32_t)(fpu_components >> 32)));
    if (method == XSAVES)
        cpu_write_msr(MSR_XSS, 0);
    __asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
}

/* CPUID tells the size for what XCR0 has turned on. */
static void use_method(enum method which)
{
    method = which;
    fpu_components = method == FXSAVE ? 0 : usable_components();
    fpu_init_cpu();
    area_size = method == FXSAVE ? FXSAVE_SIZE : max_u64(cpu_id(0xd, is_compacted(method)).ebx, XSAVE_SIZE_MIN);
    if (area_size > FPU_AREA_MAX)
        panic("the processor says that its vector registers take %lu bytes", area_size);
}

/* Is the upper half of YMM15, the end of the first component after the header, saved where it belongs? */
static bool compaction_works(void)
{
    static char area[FPU_AREA_MAX] __attribute__((aligned(FPU_AREA_ALIGNMENT)));
    static const uint64_t pattern[4] = {1, 2, 0x123456789abcdef, 0xfedcba987654321};
    if (!(fpu_components & XCR0_AVX))
        return true;
    set_initial(area);
    __asm__ volatile("vmovups %0, %%ymm15" : : "m"(pattern));
    save(area);
    __asm__ volatile("vzeroall");
    return memcmp(area + AVX_OFFSET + 15 * sizeof pattern / 2, &pattern[2], sizeof pattern / 2) == 0;
}

void fpu_init(const struct fpu_memory *memory_of_areas)
{
    memory = memory_of_areas;
    use_method(best_method(wanted_method()));
    if (is_compacted(method) && !compaction_works()) {
        log_warning("this processor's %s is broken", method_names[method]);
        use_method(best_method(XSAVEOPT));
    }
    fpu_frame_init();
    log_info("%s, components %#lx, %lu bytes", method_names[method], fpu_components, area_size);
}

size_t fpu_area_size(void)
{
    return area_size;
}
