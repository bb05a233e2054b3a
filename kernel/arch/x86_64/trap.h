/*
 * Traps: what takes a CPU away from the code that it runs: exceptions, interrupts, and what returns from them.
 *
 * Every vector's stub (trap_entry.S) saves the registers as a struct trap_frame on the thread's kernel stack (or on a
 * stack of its own: double fault, NMI, machine check) and calls trap_dispatch, which hands exceptions to trap_handlers,
 * interrupts to interrupt.c, and on the way out lets a preemption happen.
 *
 * Source: Intel SDM volume 3A, chapter 6 (interrupts and exceptions in 64-bit mode: 6.14).
 */
#ifndef CORRODE_ARCH_TRAP_H
#define CORRODE_ARCH_TRAP_H

#include "arch/x86_64/percpu.h"

/* Vectors that the processor has fixed. */
enum trap_vector {
    TRAP_DIVIDE = 0,
    TRAP_DEBUG = 1,
    TRAP_NMI = 2,
    TRAP_BREAKPOINT = 3,
    TRAP_OVERFLOW = 4,
    TRAP_BOUND = 5,
    TRAP_INVALID_OPCODE = 6,
    TRAP_NO_FPU = 7,
    TRAP_DOUBLE_FAULT = 8,
    TRAP_INVALID_TSS = 10,
    TRAP_NO_SEGMENT = 11,
    TRAP_STACK = 12,
    TRAP_PROTECTION = 13,
    TRAP_PAGE_FAULT = 14,
    TRAP_X87 = 16,
    TRAP_ALIGNMENT = 17,
    TRAP_MACHINE_CHECK = 18,
    TRAP_SIMD = 19,
    TRAP_VIRTUALIZATION = 20,
    TRAP_CONTROL = 21,
    TRAP_EXCEPTIONS = 32, /* how many vectors are exceptions */
};

/* Error code of a page fault. */
#define FAULT_PRESENT (1u << 0)  /* the page is mapped, and forbids it; else it is not mapped */
#define FAULT_WRITE (1u << 1)    /* it was a write */
#define FAULT_USER (1u << 2)     /* in user mode */
#define FAULT_RESERVED (1u << 3) /* a page-table entry has reserved bits set */
#define FAULT_FETCH (1u << 4)    /* it was an instruction fetch */

#define TRAP_SYSCALL 256 /* frame->vector of a frame that SYSCALL has made; frame->error is the number of the call */

/*
 * The registers at the trap, in the order in which the stubs push them: those that hold a system call's arguments stand
 * together, so that its handler reads them where they are.
 */
struct trap_frame {
    union {
        struct {
            uint64_t rdi, rsi, rdx, r10, r8, r9;
        };
        uint64_t arguments[6];
    };
    uint64_t r15, r14, r13, r12, r11, rbp, rbx, rcx, rax;
    uint64_t vector;
    uint64_t error; /* the processor's error code; 0 where it has none */
    uint64_t rip, cs, rflags, rsp, ss;
};

static inline bool trap_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) != 0;
}

/* Segment selectors. The order is SYSRET's: user data, then user code, after STAR[63:48]. */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_CODE32 0x1b
#define SELECTOR_USER_DATA 0x23
#define SELECTOR_USER_CODE 0x2b
#define SELECTOR_TSS 0x30        /* two entries */
#define SELECTOR_CPU_NUMBER 0x43 /* its limit is the number of the CPU, which LSL tells programs */

/* Interrupt stacks, from 1 in the TSS. */
enum trap_stack { TRAP_STACK_DOUBLE_FAULT = 1, TRAP_STACK_NMI, TRAP_STACK_MACHINE_CHECK, TRAP_STACK_DEBUG };

#define TRAP_STACK_COUNT 4
#define TRAP_STACK_SIZE 0x2000
#define TRAP_STACKS_SIZE (TRAP_STACK_COUNT * TRAP_STACK_SIZE) /* all of one CPU's, in one piece */

/* Before another CPU starts: MEMORY, 16-byte aligned, becomes its interrupt stacks. The boot CPU's are static. */
void trap_prepare_cpu(unsigned cpu, void *memory);

/* On each CPU: its GDT, TSS, interrupt stacks and the IDT that all share. */
void trap_init(void);

/* Where the next trap from user mode finds its stack: the top of the current thread's. */
void trap_set_kernel_stack(vaddr_t top);
DECLARE_PER_CPU(vaddr_t, trap_kernel_stack);

/*
 * Is this exception a kernel stack that ran into its guard page? The boot stack's guard is known from its base; those
 * of other stacks to a function that mm hands over, which takes no locks. ADDRESS is CR2 as the exception left it.
 */
void trap_set_boot_stack(vaddr_t base);
void trap_set_guard_finder(bool (*is_guard)(vaddr_t address));
bool trap_is_stack_overflow(const struct trap_frame *frame, vaddr_t address);

/* "page fault" for 14. */
const char *trap_name(uint64_t vector);

/*
 * Exceptions that have a meaning: returns true when it has dealt with it and the code goes on (at frame->rip, which it
 * may change). Otherwise the fixup table and trap_try are asked, and then the kernel panics. One handler a vector;
 * returns the one before. Called on the trapped thread's stack with interrupts as they were in the trapped code.
 */
typedef bool trap_handler(struct trap_frame *frame, vaddr_t address); /* address: CR2 for page faults, else 0 */
trap_handler *trap_set_handler(enum trap_vector vector, trap_handler *handler);

/*
 * What becomes of an exception of a program that its vector's handler, if any, has not dealt with: the signal that it
 * makes. Asked before trap_try; called in the faulting thread, with interrupts as they were in the program. True: go on
 * at frame->rip.
 */
void trap_set_program_handler(bool (*handle)(struct trap_frame *frame));

/*
 * Called, with interrupts off, when a trap is about to go back to a program, on the thread's own stack and after any
 * preemption: the frame may be changed. It returns with interrupts off.
 */
void trap_set_return_hook(void (*hook)(struct trap_frame *frame));

/*
 * Calls function(argument). When it faults, the call is abandoned there and then: returns false, with what happened in
 * *frame and *address. Locks and memory that it holds stay held. For probing memory that may not be there, and for
 * tests. May be nested; belongs to the thread (before threads: the CPU). A fault of an interrupt handler that comes
 * meanwhile is not the call's, and panics.
 */
bool trap_try(void (*function)(void *), void *argument, struct trap_frame *frame, vaddr_t *address);

/* Where the running thread's innermost trap_try is noted: the scheduler sets it with each switch, to &next->trap_try.
 * NULL: no threads yet. */
DECLARE_PER_CPU(void **, trap_try_slot);

/* Reads a register that the processor may not have: false then. */
bool trap_read_msr(uint32_t msr, uint64_t *value);

/* Would the instruction that trapped be fixed up? So this is a fault that was thought of. */
bool trap_has_fixup(const struct trap_frame *frame);

/*
 * A place for one instruction that may fault: from `faulting` the trap goes to `landing`. In assembly:
 *     1: mov (%rsi), %rax
 *     TRAP_FIXUP(1b, 2f)
 */
#define TRAP_FIXUP(faulting, landing) TRAP_FIXUP_TO(#faulting, #landing)

/* The same with two strings: "%l[label]" is a label of C's that an `asm goto` names. */
#define TRAP_FIXUP_TO(faulting, landing)                                                                               \
    ".pushsection trap_fixups, \"aR\"\n.balign 4\n.long " faulting " - .\n.long " landing " - .\n.popsection\n"

#endif
