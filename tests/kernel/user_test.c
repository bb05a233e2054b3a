/*
 * Traps from user mode, and what user mode may not do: a page of code is mapped for programs in the lower half, and the
 * thread goes there until something brings it back, which trap_try catches. Above all, GS: whatever base the program
 * has, the kernel finds its own, also where a trap comes in kernel mode with the program's base still loaded.
 */
#include "ktest.h"
#include "on_cpus.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/trap.h"
#include "lib/string.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "time/clock.h"

#define USER_CODE 0x400000ull
#define USER_STACK 0x600000ull /* one page, and this is its lowest address */
#define USER_GS 0x0000123456789000ull
#define RFLAGS_FIXED 2

/* Maps CODE, calls function(argument), and takes it all away again. */
static void with_user_code(const char *code, size_t size, void (*function)(void *), void *argument)
{
    struct page *text = page_allocate(0, ALLOC_ZERO), *stack = page_allocate(0, ALLOC_ZERO);
    if (!KTEST_CHECK(text && stack))
        return;
    memcpy(page_memory(text), code, size);
    KTEST_EQUAL(paging_map(&paging_kernel, USER_CODE, page_address(text), PAGE_SIZE, MAP_USER | MAP_EXECUTE), 0);
    KTEST_EQUAL(paging_map(&paging_kernel, USER_STACK, page_address(stack), PAGE_SIZE, MAP_USER | MAP_WRITE), 0);
    function(argument);
    paging_unmap(&paging_kernel, USER_CODE, PAGE_SIZE);
    paging_unmap(&paging_kernel, USER_STACK, PAGE_SIZE);
    tlb_flush_kernel(USER_CODE, PAGE_SIZE);
    tlb_flush_kernel(USER_STACK, PAGE_SIZE);
    page_free(text, 0);
    page_free(stack, 0);
}

/* Never returns: goes to USER_CODE with these flags. The next trap's frame goes below what this function stands on. */
static void go_to_user_mode(void *flags)
{
    cpu_interrupts_disable();
    vaddr_t here;
    __asm__ volatile("mov %%rsp, %0" : "=r"(here));
    trap_set_kernel_stack(align_down(here, 16) - 256);
    cpu_write_msr(MSR_KERNEL_GS_BASE, USER_GS);
    __asm__ volatile("push %0\n"
                     "push %1\n"
                     "push %2\n"
                     "push %3\n"
                     "push %4\n"
                     "swapgs\n"
                     "iretq"
        :
        : "r"((uint64_t)SELECTOR_USER_DATA), "r"(USER_STACK + PAGE_SIZE), "r"((uint64_t)(uintptr_t)flags),
        "r"((uint64_t)SELECTOR_USER_CODE), "r"(USER_CODE)
        : "memory");
}

struct visit {
    uint64_t flags;
    struct trap_frame frame;
    vaddr_t address;
    bool back;
};

static void visit(void *argument)
{
    struct visit *visit = argument;
    visit->back = !trap_try(go_to_user_mode, (void *)visit->flags, &visit->frame, &visit->address);
}

/* Runs code in user mode until it is stopped; checks that the kernel is itself again. */
static struct visit run(const char *code, size_t size, uint64_t flags)
{
    struct visit result = {.flags = flags | RFLAGS_FIXED};
    preempt_disable();
    unsigned cpu = cpu_number();
    preempt_enable();
    struct cpu_mask everywhere = thread_current()->allowed;
    thread_bind(thread_current(), cpu); /* KERNEL_GS_BASE does not move with the thread yet */
    with_user_code(code, size, visit, &result);
    KTEST_CHECK(result.back);
    KTEST_CHECK(trap_from_user(&result.frame));
    KTEST_EQUAL(cpu_read_msr(MSR_GS_BASE), percpu_offset[cpu]);
    KTEST_EQUAL(cpu_read_msr(MSR_KERNEL_GS_BASE), USER_GS);
    KTEST_EQUAL(cpu_number(), cpu);
    thread_set_allowed(thread_current(), &everywhere);
    return result;
}

#define RUN(code, flags) run(code, sizeof code - 1, flags)

static const struct {
    const char *name, *code;
    size_t size;
    uint64_t vector, error;
    vaddr_t address;
} forbidden[] = {
#define ANY_ERROR (~0ull) /* 80h * 8 + 2; QEMU's is wrong */
#define CODE(bytes) bytes, sizeof bytes - 1
    {"UD2", CODE("\x0f\x0b"), TRAP_INVALID_OPCODE, 0, 0},
    {"INT3", CODE("\xcc"), TRAP_BREAKPOINT, 0, 0},
    {"INT 80h", CODE("\xcd\x80"), TRAP_PROTECTION, ANY_ERROR, 0},
    {"HLT", CODE("\xf4"), TRAP_PROTECTION, 0, 0},
    {"CLI", CODE("\xfa"), TRAP_PROTECTION, 0, 0},
    {"IN from port 80h", CODE("\xe4\x80"), TRAP_PROTECTION, 0, 0},
    {"RDMSR", CODE("\x0f\x32"), TRAP_PROTECTION, 0, 0},
    {"a jump into the kernel", CODE("\x48\xc7\xc0\x00\x00\x00\x80\xff\xe0"), TRAP_PAGE_FAULT, FAULT_USER | FAULT_FETCH,
        0xffffffff80000000},
    {"a write to code", CODE("\xc6\x05\x00\x00\x00\x00\x00"), TRAP_PAGE_FAULT, FAULT_USER | FAULT_PRESENT | FAULT_WRITE,
        USER_CODE + 7},
    {"a jump to the stack", CODE("\x48\x89\xe0\x48\x83\xe8\x10\xff\xe0"), TRAP_PAGE_FAULT,
        FAULT_USER | FAULT_PRESENT | FAULT_FETCH, USER_STACK + PAGE_SIZE - 16},
};

KTEST(user_mode_is_kept_in)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(forbidden); i++) {
        struct visit visit = run(forbidden[i].code, forbidden[i].size, RFLAGS_IF);
        if (forbidden[i].address >> 63)
            visit.frame.error &= ~(uint64_t)FAULT_PRESENT; /* where the kernel lies is chance */
        if (visit.frame.vector != forbidden[i].vector ||
            (visit.frame.error != forbidden[i].error && forbidden[i].error != ANY_ERROR))
            KTEST_FAIL("%s: vector %lu, error %#lx", forbidden[i].name, visit.frame.vector, visit.frame.error);
        KTEST_EQUAL(visit.address, forbidden[i].address);
    }
}

KTEST(user_mode_sees_no_tables)
{
    if (!cpu_has(CPU_UMIP)) {
        ktest_skip("no UMIP");
        return;
    }
    static const char sgdt[] = "\x0f\x01\x44\x24\xf0";
    struct visit visit = RUN(sgdt, RFLAGS_IF);
    KTEST_EQUAL(visit.frame.vector, TRAP_PROTECTION);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Traps that have stacks of their own: from user mode they are ordinary ones, on the thread's stack.
 */

static struct {
    unsigned calls, cpu;
    vaddr_t stack;
    uint64_t gs_base, flags;
    bool from_user;
} seen;

static bool note(struct trap_frame *frame, vaddr_t address)
{
    seen.calls++;
    seen.cpu = cpu_number();
    seen.stack = (vaddr_t)__builtin_frame_address(0);
    seen.gs_base = cpu_read_msr(MSR_GS_BASE);
    seen.from_user = trap_from_user(frame);
    __asm__ volatile("pushf; pop %0" : "=r"(seen.flags));
    frame->rflags &= ~(uint64_t)0x100; /* TF */
    return true;
}

KTEST(user_mode_single_step)
{
    static const char code[] = "\x90\x90\x0f\x0b";
    struct thread *self = thread_current();
    seen.calls = 0;
    trap_handler *before = trap_set_handler(TRAP_DEBUG, note);
    struct visit visit = RUN(code, RFLAGS_IF | 0x100);
    trap_set_handler(TRAP_DEBUG, before);
    KTEST_EQUAL(seen.calls, 1);
    KTEST_CHECK(seen.from_user);
    KTEST_CHECK(self->stack_base == 0 || seen.stack - self->stack_base < THREAD_STACK_SIZE);
    KTEST_EQUAL(seen.gs_base, percpu_offset[seen.cpu]);
    KTEST_EQUAL(visit.frame.vector, TRAP_INVALID_OPCODE);
    KTEST_EQUAL(visit.frame.rip, USER_CODE + 2);
}

static bool leave_loop(struct trap_frame *frame, vaddr_t address)
{
    if (!trap_from_user(frame) || frame->rip != USER_CODE)
        return true;
    note(frame, address);
    frame->rip += 2;
    return true;
}

/* An NMI, from another CPU, ends an endless loop. */
static void send_nmis(unsigned cpu, void *argument)
{
    static const char code[] = "\xeb\xfe\x0f\x0b";
    if (cpu == 0) {
        struct visit visit = RUN(code, RFLAGS_IF);
        KTEST_EQUAL(visit.frame.vector, TRAP_INVALID_OPCODE);
        KTEST_CHECK(seen.from_user);
        KTEST_EQUAL(seen.gs_base, 0);
        __atomic_store_n((bool *)argument, true, __ATOMIC_RELEASE);
    }
    while (cpu == 1 && !__atomic_load_n((bool *)argument, __ATOMIC_ACQUIRE)) {
        apic_send_nmi(cpu_local(apic_id, 0));
        clock_delay(NS_PER_MS);
    }
}

KTEST(user_mode_nmi)
{
    if (cpu_count < 2) {
        ktest_skip("one CPU");
        return;
    }
    trap_handler *before = trap_set_handler(TRAP_NMI, leave_loop);
    bool done = false;
    on_first_cpus(2, send_nmis, &done);
    trap_set_handler(TRAP_NMI, before);
}

/* ------------------------------------------------------------------------------------------------------------------
 * In kernel mode, but with the program's GS base: what SYSCALL's first instruction and IRETQ's last look like.
 */

static void trap_with_user_gs(unsigned cpu, void *unused)
{
    cpu_interrupts_disable();
    seen.calls = 0;
    cpu_write_msr(MSR_KERNEL_GS_BASE, USER_GS);
    __asm__ volatile("swapgs; int $1; swapgs" : : : "memory");
    KTEST_EQUAL(seen.calls, 1);
    KTEST_EQUAL(seen.cpu, cpu);
    KTEST_EQUAL(seen.gs_base, percpu_offset[cpu]);
    __asm__ volatile("swapgs; int $2; swapgs" : : : "memory");
    KTEST_EQUAL(seen.calls, 2);
    KTEST_EQUAL(seen.cpu, cpu);
    KTEST_EQUAL(seen.gs_base, percpu_offset[cpu]);
    KTEST_EQUAL(cpu_read_msr(MSR_KERNEL_GS_BASE), USER_GS);
    KTEST_EQUAL(cpu_read_msr(MSR_GS_BASE), percpu_offset[cpu]);
    cpu_interrupts_enable();
}

static void on_one_cpu_after_another(unsigned cpu, void *turn)
{
    while (__atomic_load_n((unsigned *)turn, __ATOMIC_ACQUIRE) != cpu)
        thread_yield();
    trap_with_user_gs(cpu, NULL);
    __atomic_fetch_add((unsigned *)turn, 1, __ATOMIC_RELEASE);
}

KTEST(trap_finds_gs_in_the_entry_window)
{
    unsigned turn = 0;
    trap_handler *debug = trap_set_handler(TRAP_DEBUG, note), *nmi = trap_set_handler(TRAP_NMI, note);
    on_cpus(on_one_cpu_after_another, &turn);
    trap_set_handler(TRAP_DEBUG, debug);
    trap_set_handler(TRAP_NMI, nmi);
}

/* ------------------------------------------------------------------------------------------------------------------
 * SMEP and SMAP: programs' memory is closed to the kernel
 */

static void read_user(void *unused)
{
    *(volatile char *)USER_STACK;
}

static void call_user(void *unused)
{
    __asm__ volatile("call *%0" : : "r"(USER_CODE));
}

static void expect_fault(void (*function)(void *), uint64_t error, vaddr_t address)
{
    struct visit visit;
    KTEST_CHECK(!trap_try(function, NULL, &visit.frame, &visit.address));
    KTEST_EQUAL(visit.frame.vector, TRAP_PAGE_FAULT);
    KTEST_EQUAL(visit.frame.error, error);
    KTEST_EQUAL(visit.address, address);
}

/* A trap closes what the code that it interrupts had opened. */
static void trap_while_open(void)
{
    uint64_t after;
    seen.calls = 0;
    trap_handler *before = trap_set_handler(TRAP_BREAKPOINT, note);
    __asm__ volatile("stac; int3; pushf; pop %0; clac" : "=r"(after) : : "memory");
    trap_set_handler(TRAP_BREAKPOINT, before);
    KTEST_EQUAL(seen.flags & RFLAGS_AC, 0);
    KTEST_EQUAL(after & RFLAGS_AC, RFLAGS_AC);
}

static void touch_user_memory(void *unused)
{
    if (cpu_has(CPU_SMEP))
        expect_fault(call_user, FAULT_PRESENT | FAULT_FETCH, USER_CODE);
    if (cpu_has(CPU_SMAP)) {
        expect_fault(read_user, FAULT_PRESENT, USER_STACK);
        trap_while_open();
    }
}

KTEST(user_memory_is_closed_to_the_kernel)
{
    static const char code[] = "\xc3";
    if (!cpu_has(CPU_SMEP) && !cpu_has(CPU_SMAP))
        ktest_skip("no SMEP, no SMAP");
    else
        with_user_code(code, 1, touch_user_memory, NULL);
}
