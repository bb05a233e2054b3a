/*
 * What happens at a trap, once the registers are saved (trap_entry.S).
 *
 * An exception is offered in turn to the handler of its vector, to the fixup table (an instruction that was expected to
 * fail, with the place to go on), and to the innermost trap_try of the thread; what nobody wants is a bug of the
 * kernel, and a panic. The handlers run on the stack that was interrupted, with interrupts as they were. Interrupts go
 * to interrupt.c. On the way out of either, a thread that has waited for the CPU may get it.
 *
 * NMIs and machine checks are nobody's doing: fixups and trap_try do not see them. A double fault is a bug; but
 * trap_try may ask for one, so that stacks can be tested.
 *
 * Handlers are set while the kernel starts, before there is more than one CPU, and not changed while their exception
 * can happen elsewhere; so there is no lock. The chain of trap_try belongs to the thread.
 *
 * Source: Intel SDM volume 3A, 6.15 (exceptions).
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/interrupt_internal.h"
#include "arch/x86_64/preempt.h"
#include "arch/x86_64/trap_internal.h"
#include "debug/counter.h"
#include "log.h"
#include "panic.h"

#define LOG_NAME "trap"

COUNTER(page_faults, "page faults, the kernel's and the programs'");

bool trap_closes_user_memory;
PER_CPU(void **, trap_try_slot);
static PER_CPU(void *, boot_try); /* before there are threads */
static vaddr_t boot_stack_base;

#define FRAME_REACH (2 * PAGE_SIZE) /* no function writes further from its stack pointer, if it writes to its stack */
static bool (*guard_finder)(vaddr_t address);
static bool (*program_handler)(struct trap_frame *frame);
static void (*return_hook)(struct trap_frame *frame);

static const char *const names[TRAP_EXCEPTIONS] = {
    [TRAP_DIVIDE] = "divide error",
    [TRAP_DEBUG] = "debug exception",
    [TRAP_NMI] = "non-maskable interrupt",
    [TRAP_BREAKPOINT] = "breakpoint",
    [TRAP_OVERFLOW] = "overflow",
    [TRAP_BOUND] = "bound range exceeded",
    [TRAP_INVALID_OPCODE] = "invalid opcode",
    [TRAP_NO_FPU] = "no floating-point unit",
    [TRAP_DOUBLE_FAULT] = "double fault",
    [TRAP_INVALID_TSS] = "invalid TSS",
    [TRAP_NO_SEGMENT] = "segment not present",
    [TRAP_STACK] = "stack segment fault",
    [TRAP_PROTECTION] = "general protection fault",
    [TRAP_PAGE_FAULT] = "page fault",
    [TRAP_X87] = "floating-point error",
    [TRAP_ALIGNMENT] = "alignment check",
    [TRAP_MACHINE_CHECK] = "machine check",
    [TRAP_SIMD] = "vector floating-point error",
    [TRAP_VIRTUALIZATION] = "virtualization exception",
    [TRAP_CONTROL] = "control protection exception",
};

const char *trap_name(uint64_t vector)
{
    return vector < TRAP_EXCEPTIONS && names[vector] ? names[vector] : "unknown exception";
}

/* ------------------------------------------------------------------------------------------------------------------
 * Debugging. A debugger outside the machine (QEMU's, Bochs') sees its breakpoints before the kernel does; these are
 * those that nobody asked for.
 */

static bool debug_handle(struct trap_frame *frame, vaddr_t address)
{
    static struct log_ratelimit limit;
    uint64_t status;
    __asm__ volatile("mov %%dr6, %0" : "=r"(status));
    __asm__ volatile("mov %0, %%dr6" : : "r"(0xffff0ff0ull)); /* the processor never clears it */
    if (trap_from_user(frame))
        return false;
    if (log_ratelimit(&limit))
        log_warning("debug exception at %#lx, DR6 %#lx", frame->rip, status);
    frame->rflags &= ~(uint64_t)RFLAGS_TF;
    return true;
}

static bool breakpoint_handle(struct trap_frame *frame, vaddr_t address)
{
    static struct log_ratelimit limit;
    if (trap_from_user(frame))
        return false;
    if (log_ratelimit(&limit))
        log_warning("breakpoint before %#lx", frame->rip);
    return true;
}

static trap_handler *handlers[TRAP_EXCEPTIONS] = {
    [TRAP_DEBUG] = debug_handle,
    [TRAP_NMI] = nmi_handle,
    [TRAP_BREAKPOINT] = breakpoint_handle,
    [TRAP_MACHINE_CHECK] = machine_check_handle,
};

trap_handler *trap_set_handler(enum trap_vector vector, trap_handler *handler)
{
    return __atomic_exchange_n(&handlers[vector], handler, __ATOMIC_ACQ_REL);
}

void trap_set_program_handler(bool (*handle)(struct trap_frame *frame))
{
    program_handler = handle;
}

void trap_set_return_hook(void (*hook)(struct trap_frame *frame))
{
    return_hook = hook;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Faults that were expected
 */

static const struct fixup *find_fixup(uintptr_t rip)
{
    for (const struct fixup *f = __start_trap_fixups; f < __stop_trap_fixups; f++)
        if (rip == (uintptr_t)&f->faulting + (uintptr_t)(intptr_t)f->faulting)
            return f;
    return NULL;
}

bool trap_has_fixup(const struct trap_frame *frame)
{
    return !trap_from_user(frame) && find_fixup(frame->rip) != NULL;
}

static bool fix_up(struct trap_frame *frame)
{
    const struct fixup *f = find_fixup(frame->rip);
    if (f)
        frame->rip = (uintptr_t)&f->landing + (uintptr_t)(intptr_t)f->landing;
    return f != NULL;
}

bool trap_read_msr(uint32_t msr, uint64_t *value)
{
    uint32_t low, high, failed = 1;
    __asm__ volatile("1: rdmsr\n"
                     "xor %2, %2\n"
                     "2:\n" TRAP_FIXUP(1b, 2b)
        : "=a"(low), "=d"(high), "+r"(failed)
        : "c"(msr)
        : "memory", "cc");
    *value = (uint64_t)high << 32 | low;
    return !failed;
}

static void **try_slot(void)
{
    void **slot = this_cpu(trap_try_slot);
    return slot ? slot : this_cpu_pointer(boot_try);
}

bool trap_try(void (*function)(void *), void *argument, struct trap_frame *frame, vaddr_t *address)
{
    void **slot = try_slot();
    struct trap_landing landing = {
        .outer = *slot, .frame = frame, .address = address, .in_interrupt = interrupt_is_active()};
    __asm__ volatile("pushf; pop %0" : "=r"(landing.rflags));
    *slot = &landing;
    bool returned = trap_call(&landing, function, argument);
    *slot = landing.outer;
    return returned;
}

/*
 * Changes the frame so that the trap returns to the end of the innermost trap_call; but not out of an interrupt handler
 * that has come while the call ran: it would be left half done, its interrupt in service for good.
 */
static bool abandon(struct trap_frame *frame, vaddr_t address)
{
    struct trap_landing *landing = *try_slot();
    if (!landing || (interrupt_is_active() && !landing->in_interrupt))
        return false;
    if (landing->frame)
        *landing->frame = *frame;
    if (landing->address)
        *landing->address = address;
    frame->rip = (uint64_t)trap_land;
    frame->rdi = (uint64_t)landing;
    frame->rsp = landing->rsp;
    frame->rflags = landing->rflags;
    frame->cs = SELECTOR_KERNEL_CODE;
    frame->ss = SELECTOR_KERNEL_DATA;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Faults that were not
 */

void trap_set_boot_stack(vaddr_t base)
{
    boot_stack_base = base;
}

void trap_set_guard_finder(bool (*is_guard)(vaddr_t address))
{
    guard_finder = is_guard;
}

bool trap_is_stack_overflow(const struct trap_frame *frame, vaddr_t address)
{
    if (trap_from_user(frame) || (frame->vector != TRAP_PAGE_FAULT && frame->vector != TRAP_DOUBLE_FAULT))
        return false;
    if (frame->rsp - address + FRAME_REACH >= 2 * FRAME_REACH)
        return false; /* a wild pointer, or the guard of something else */
    return address - (boot_stack_base - PAGE_SIZE) < PAGE_SIZE || (guard_finder && guard_finder(address));
}

static bool may_be_abandoned(uint64_t vector)
{
    return vector != TRAP_NMI && vector != TRAP_MACHINE_CHECK;
}

static bool has_own_stack(const struct trap_frame *frame)
{
    uint64_t vector = frame->vector;
    return vector == TRAP_DOUBLE_FAULT ||
           (!trap_from_user(frame) && (vector == TRAP_NMI || vector == TRAP_MACHINE_CHECK || vector == TRAP_DEBUG));
}

static void exception(struct trap_frame *frame)
{
    uint64_t vector = frame->vector;
    vaddr_t cr2 = cpu_read_cr2(); /* before interrupts are on: whatever else faults then writes to it */
    vaddr_t address = vector == TRAP_PAGE_FAULT ? cr2 : 0;
    interrupt_count_up(vector);
    if (vector == TRAP_PAGE_FAULT)
        counter_add(page_faults, 1);
    if (!has_own_stack(frame) && frame->rflags & RFLAGS_IF)
        cpu_interrupts_enable();
    trap_handler *handler = __atomic_load_n(&handlers[vector], __ATOMIC_ACQUIRE);
    if (handler && handler(frame, address))
        return;
    if (!may_be_abandoned(vector))
        panic_trap(frame, cr2);
    if (trap_from_user(frame) && vector != TRAP_DOUBLE_FAULT && program_handler && program_handler(frame))
        return;
    if (!trap_from_user(frame) && fix_up(frame))
        return;
    if (!abandon(frame, vector == TRAP_DOUBLE_FAULT ? cr2 : address))
        panic_trap(frame, cr2);
}

/* The hook is called with interrupts off, and returns so: an interrupt here would only deepen the stack. */
static void preempt(const struct trap_frame *frame)
{
    if (this_cpu(need_resched) && frame->rflags & RFLAGS_IF && this_cpu(preempt_count) == 0 && preempt_hook)
        preempt_hook();
}

void trap_dispatch(struct trap_frame *frame)
{
    bool own_stack = has_own_stack(frame);
    if (own_stack)
        log_quiet_begin(); /* the console may be what it has interrupted */
    if (frame->vector < TRAP_EXCEPTIONS)
        exception(frame);
    else
        interrupt_dispatch((unsigned)frame->vector);
    if (own_stack)
        log_quiet_end();
    cpu_interrupts_disable();
    if (own_stack)
        return;
    preempt(frame);
    if (trap_from_user(frame) && return_hook)
        return_hook(frame);
}
