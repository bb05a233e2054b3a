/*
 * Exceptions: every one that can be provoked in kernel mode comes, with the right vector and error code, and the code
 * that asked for it goes on. Each is caused by one instruction inside trap_try, or handled by a handler of the test's.
 */
#include "ktest.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/trap.h"
#include "time/clock.h"
#include "time/timer.h"

#define NOT_CANONICAL 0x0000800000000000ull

static void divide_by_zero(void *unused)
{
    __asm__ volatile("div %%ecx" : : "a"(1), "d"(0), "c"(0) : "cc");
}

/* INT of these vectors stands for instructions that 64-bit mode does not have any more (INTO, BOUND). */
static void overflow(void *unused)
{
    __asm__ volatile("int $4");
}

static void out_of_bounds(void *unused)
{
    __asm__ volatile("int $5");
}

static void undefined(void *unused)
{
    __asm__ volatile("ud2");
}

static void no_fpu(void *unused)
{
    uint64_t cr0 = cpu_read_cr0();
    cpu_write_cr0(cr0 | CR0_TS);
    __asm__ volatile("fnop");
}

/* A double fault: an exception that finds no stack. */
static void no_stack(void *unused)
{
    __asm__ volatile("mov %0, %%rsp\n"
                     "push $0"
        :
        : "r"(0x10000000000ull));
}

static void segment_not_present(void *unused)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) gdt;
    __asm__ volatile("sgdt %0" : "=m"(gdt));
    volatile uint64_t *entry = (volatile uint64_t *)(gdt.base + (SELECTOR_USER_CODE32 & ~7));
    *entry &= ~(1ull << 47);
    __asm__ volatile("mov %w0, %%es" : : "r"(SELECTOR_USER_CODE32 & ~3));
}

static void repair_segment(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) gdt;
    __asm__ volatile("sgdt %0" : "=m"(gdt));
    *(volatile uint64_t *)(gdt.base + (SELECTOR_USER_CODE32 & ~7)) |= 1ull << 47;
}

static void stack_not_canonical(void *unused)
{
    __asm__ volatile("push %%rbp; mov %0, %%rbp; mov (%%rbp), %%rax; pop %%rbp" : : "r"(NOT_CANONICAL) : "rax");
}

static void not_canonical(void *unused)
{
    *(volatile char *)NOT_CANONICAL;
}

static void selector_beyond_table(void *unused)
{
    __asm__ volatile("mov %w0, %%es" : : "r"(0xff8));
}

static void nothing_mapped(void *unused)
{
    *(volatile char *)16 = 1;
}

static void jump_to_nothing(void *unused)
{
    __asm__ volatile("call *%0" : : "r"(32ull));
}

static void write_to_text(void *unused)
{
    *(volatile char *)(uintptr_t)write_to_text = 0;
}

static void execute_data(void *unused)
{
    static char data[16] = {(char)0xc3};
    __asm__ volatile("call *%0" : : "r"(data));
}

static void x87_division(void *unused)
{
    uint16_t control = 0x0300; /* nothing masked */
    __asm__ volatile("fninit; fldcw %0; fldz; fld1; fdiv %%st(1), %%st(0); fwait" : : "m"(control));
}

static void sse_division(void *unused)
{
    uint32_t control = 0; /* nothing masked */
    static const float one = 1;
    __asm__ volatile("ldmxcsr %0; movss %1, %%xmm0; xorps %%xmm1, %%xmm1; divss %%xmm1, %%xmm0"
        :
        : "m"(control), "m"(one));
}

#define ANY_ADDRESS 1 /* the test does not know it */
#define NONE 1        /* in `also`: or no exception at all */

static const struct {
    const char *name;
    void (*cause)(void *);
    uint64_t vector, error;
    vaddr_t address;
    uint64_t also; /* what QEMU 7.2 without KVM does in its place; 0: it does the right thing */
} causes[] = {
    {"DIV by zero", divide_by_zero, TRAP_DIVIDE, 0, 0, 0},
    {"INT 4", overflow, TRAP_OVERFLOW, 0, 0, 0},
    {"INT 5", out_of_bounds, TRAP_BOUND, 0, 0, 0},
    {"UD2", undefined, TRAP_INVALID_OPCODE, 0, 0, 0},
    {"FNOP with CR0.TS", no_fpu, TRAP_NO_FPU, 0, 0, 0},
    {"PUSH without a stack", no_stack, TRAP_DOUBLE_FAULT, 0, 0x10000000000 - 8, 0},
    {"a segment not present", segment_not_present, TRAP_NO_SEGMENT, SELECTOR_USER_CODE32 & ~3, 0, 0},
    {"RBP not canonical", stack_not_canonical, TRAP_STACK, 0, 0, TRAP_PROTECTION},
    {"an address not canonical", not_canonical, TRAP_PROTECTION, 0, 0, 0},
    {"a selector beyond the GDT", selector_beyond_table, TRAP_PROTECTION, 0xff8, 0, 0},
    {"a write to nothing", nothing_mapped, TRAP_PAGE_FAULT, FAULT_WRITE, 16, 0},
    {"a jump to nothing", jump_to_nothing, TRAP_PAGE_FAULT, FAULT_FETCH, 32, 0},
    {"a write to code", write_to_text, TRAP_PAGE_FAULT, FAULT_PRESENT | FAULT_WRITE, (vaddr_t)write_to_text, 0},
    {"a jump to data", execute_data, TRAP_PAGE_FAULT, FAULT_PRESENT | FAULT_FETCH, ANY_ADDRESS, 0},
    {"x87 division by zero", x87_division, TRAP_X87, 0, 0, 0},
    {"SSE division by zero", sse_division, TRAP_SIMD, 0, 0, NONE},
};

static void provoke(unsigned i)
{
    struct trap_frame frame = {0};
    vaddr_t address = 0;
    uint64_t wanted = causes[i].vector, cr0 = cpu_read_cr0(), before[TRAP_EXCEPTIONS];
    for (unsigned v = 0; v < TRAP_EXCEPTIONS; v++)
        before[v] = interrupt_count(v, cpu_number());
    bool returned = trap_try(causes[i].cause, NULL, &frame, &address);
    cpu_write_cr0(cr0);
    if (returned && causes[i].also == NONE)
        return;
    if (!returned && frame.vector == causes[i].also)
        wanted = frame.vector;
    if (returned || frame.vector != wanted || frame.error != causes[i].error)
        KTEST_FAIL("%s: returned %d, vector %lu, error %#lx", causes[i].name, returned, frame.vector, frame.error);
    if (causes[i].address != ANY_ADDRESS && address != causes[i].address)
        KTEST_FAIL("%s: address %#lx", causes[i].name, address);
    for (unsigned v = 0; v < TRAP_EXCEPTIONS; v++)
        if (interrupt_count(v, cpu_number()) != before[v] + (v == wanted))
            KTEST_FAIL("%s: counted wrong for vector %u", causes[i].name, v);
}

KTEST(trap_every_exception)
{
    const uint32_t masked = 0x1f80;
    for (unsigned i = 0; i < ARRAY_LENGTH(causes); i++)
        provoke(i);
    repair_segment();
    __asm__ volatile("fninit; ldmxcsr %0" : : "m"(masked));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Handlers, and where they run
 */

static struct {
    unsigned calls;
    struct trap_frame frame;
    vaddr_t stack; /* where the handler's own variables are */
    bool interrupts;
} seen;

static bool note(struct trap_frame *frame, vaddr_t address)
{
    seen.calls++;
    seen.frame = *frame;
    seen.stack = (vaddr_t)__builtin_frame_address(0);
    seen.interrupts = cpu_interrupts_are_on();
    return true;
}

static bool note_and_skip(struct trap_frame *frame, vaddr_t address)
{
    frame->rip += 2; /* UD2 */
    frame->rax = 0x1234567890abcdef;
    return note(frame, address);
}

KTEST(trap_handler_changes_registers)
{
    uint64_t rax = 0, r15 = 15;
    seen.calls = 0;
    trap_set_handler(TRAP_INVALID_OPCODE, note_and_skip);
    __asm__ volatile("mov %1, %%r15; ud2; mov %%r15, %1" : "+a"(rax), "+r"(r15) : : "r15");
    trap_set_handler(TRAP_INVALID_OPCODE, NULL);
    KTEST_EQUAL(seen.calls, 1);
    KTEST_EQUAL(rax, 0x1234567890abcdef);
    KTEST_EQUAL(r15, 15);
    KTEST_EQUAL(seen.frame.r15, 15);
    KTEST_EQUAL(seen.frame.cs, SELECTOR_KERNEL_CODE);
    KTEST_EQUAL(seen.interrupts, (seen.frame.rflags & RFLAGS_IF) != 0);
}

/* Which exceptions leave the stack that they interrupt: NMI, machine check and debug by their INT, which is alike. */
KTEST(trap_stacks_of_their_own)
{
    vaddr_t here = (vaddr_t)__builtin_frame_address(0);
    seen.calls = 0;
    trap_handler *handlers[4];
    static const enum trap_vector vectors[] = {TRAP_DEBUG, TRAP_NMI, TRAP_BREAKPOINT, TRAP_MACHINE_CHECK};
    for (unsigned i = 0; i < ARRAY_LENGTH(vectors); i++)
        handlers[i] = trap_set_handler(vectors[i], note);
#define EXPECT(instruction, number, own)                                                                               \
    do {                                                                                                               \
        __asm__ volatile(instruction);                                                                                 \
        KTEST_EQUAL(seen.frame.vector, number);                                                                        \
        KTEST_EQUAL(here - seen.stack > 0x1000, own);                                                                  \
        KTEST_CHECK(here - seen.frame.rsp < 0x1000);                                                                   \
    } while (0)
    EXPECT("int $1", TRAP_DEBUG, true);
    EXPECT("int $2", TRAP_NMI, true);
    EXPECT("int3", TRAP_BREAKPOINT, false);
    EXPECT("int $18", TRAP_MACHINE_CHECK, true);
    for (unsigned i = 0; i < ARRAY_LENGTH(vectors); i++)
        trap_set_handler(vectors[i], handlers[i]);
    KTEST_EQUAL(seen.calls, 4);
}

KTEST(trap_breakpoints_do_not_kill)
{
    uint64_t flags;
    __asm__ volatile("int3");
    __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop; pushf; pop %0" : "=r"(flags)); /* TF: a single step */
    KTEST_EQUAL(flags & 0x100, 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * trap_try and fixups
 */

static void nested(void *outcome)
{
    struct trap_frame frame;
    vaddr_t address;
    *(bool *)outcome = trap_try(nothing_mapped, NULL, &frame, &address);
    undefined(NULL);
}

static void harmless(void *argument)
{
    *(int *)argument = 7;
}

KTEST(trap_try_nests_and_returns)
{
    struct trap_frame frame = {0};
    bool inner = true;
    int value = 0;
    KTEST_CHECK(!trap_try(nested, &inner, &frame, NULL));
    KTEST_CHECK(!inner);
    KTEST_EQUAL(frame.vector, TRAP_INVALID_OPCODE);
    KTEST_CHECK(trap_try(harmless, &value, NULL, NULL));
    KTEST_EQUAL(value, 7);
}

static void fault_without_interrupts(void *unused)
{
    cpu_interrupts_disable();
    undefined(NULL);
}

KTEST(trap_try_restores_interrupts)
{
    bool before = cpu_interrupts_are_on();
    KTEST_CHECK(!trap_try(fault_without_interrupts, NULL, NULL, NULL));
    KTEST_EQUAL(cpu_interrupts_are_on(), before);
}

KTEST(trap_fixup_of_missing_msr)
{
    uint64_t value;
    KTEST_CHECK(trap_read_msr(MSR_EFER, &value));
    KTEST_EQUAL(value & (EFER_LMA | EFER_NXE), EFER_LMA | EFER_NXE);
    uint64_t before = interrupt_count(TRAP_PROTECTION, cpu_number());
    bool found = trap_read_msr(0xc0ffee00, &value);
    KTEST_EQUAL(interrupt_count(TRAP_PROTECTION, cpu_number()) - before, !found); /* QEMU has every register */
}

/* ------------------------------------------------------------------------------------------------------------------
 * The processor as the kernel wants it
 */

KTEST(cpu_protections_are_on)
{
    uint64_t cr0 = cpu_read_cr0(), cr4 = cpu_read_cr4();
    KTEST_EQUAL(cr0 & (CR0_WP | CR0_NE | CR0_EM | CR0_TS), CR0_WP | CR0_NE);
    KTEST_EQUAL((cr4 & CR4_SMEP) != 0, cpu_has(CPU_SMEP));
    KTEST_EQUAL((cr4 & CR4_SMAP) != 0, cpu_has(CPU_SMAP));
    KTEST_EQUAL((cr4 & CR4_UMIP) != 0, cpu_has(CPU_UMIP));
    KTEST_EQUAL((cr4 & CR4_PGE) != 0, cpu_has(CPU_PGE));
    KTEST_EQUAL((cr4 & CR4_MCE) != 0, cpu_has(CPU_MCE));
    KTEST_EQUAL(cpu_features_missing(), 0);
    KTEST_CHECK(cpu_physical_bits() >= 36 && cpu_physical_bits() <= 52);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Deaths
 */

static __attribute__((noinline)) uint64_t recurse(volatile uint64_t depth)
{
    volatile uint64_t weight[16] = {depth};
    return depth == 0 ? weight[0] : recurse(depth + 1) + weight[3];
}

KDEATH(stack_overflow)
{
    ktest_note("%lu", recurse(1));
}

KDEATH(double_fault)
{
    no_stack(NULL);
}

/* It is the handler's fault, and not that of the code which trap_try runs. */
static void fault_in_timer(struct timer *timer)
{
    undefined(NULL);
}

static void wait_for_timer(void *timer)
{
    timer_start(timer, clock_monotonic() + NS_PER_MS);
    for (;;)
        cpu_pause();
}

KDEATH(trap_try_interrupted)
{
    static struct timer timer;
    timer_init(&timer, fault_in_timer);
    trap_try(wait_for_timer, &timer, NULL, NULL);
}

KDEATH(undefined_instruction)
{
    __asm__ volatile("ud2");
}
