/*
 * Calling a program's handler, and coming back.
 *
 * Everything that the handler may change and the interrupted code may need goes onto the program's stack, or onto its
 * alternate one: below the 128 bytes that the ABI lets a function use below its stack pointer, first the vector
 * registers (arch/x86_64/fpu_frame.c), and below them struct frame, whose first word is where the handler returns to: a
 * few instructions of the C library's that call rt_sigreturn. That finds the frame by the stack pointer and puts all
 * of it back.
 *
 * Programs may have changed the frame, on purpose or with evil intent. So coming back takes only what a program could
 * have set by itself: an address of its own for RIP, the flags of arithmetic, vector registers that the processor
 * accepts, never a segment. A frame that does not do is SIGSEGV. RSP may be any number, as ever: IRETQ loads it as it
 * is, and the kernel does not use it.
 *
 * Source: Linux's <asm/ucontext.h>, <asm/sigcontext.h>, sigreturn(2), sigaltstack(2); System V ABI, AMD64 supplement,
 * 3.2.2 (red zone, alignment of the stack), 3.2.3 (arguments).
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/user.h"
#include "lib/errno.h"
#include "proc/signal_internal.h"

#define RED_ZONE 128

/* Those that a program may set by itself. */
#define RFLAGS_PROGRAM                                                                                                 \
    (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF | RFLAGS_DF | RFLAGS_OF | RFLAGS_RF |       \
        RFLAGS_AC)

/* struct sigcontext. */
struct context {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error, vector, old_mask, address; /* of the task's last fault; mask; and CR2 */
    uaddr_t vector_registers;
    uint64_t reserved[8];
};

#define UC_FP_XSTATE 1u         /* behind `vector_registers` is more than FXSAVE writes */
#define UC_SIGCONTEXT_SS 2u     /* `ss` is valid ... */
#define UC_STRICT_RESTORE_SS 4u /* ... and is put back as it is */

struct frame {
    uaddr_t restorer;
    struct user_context {
        uint64_t flags, link;
        struct signal_stack stack;
        struct context registers;
        uint64_t mask;
    } context;
    struct siginfo info;
};
_Static_assert(sizeof(struct context) == 256 && offsetof(struct context, cs) == 144, "struct sigcontext");
_Static_assert(sizeof(struct user_context) == 304 && sizeof(struct frame) == 440, "struct rt_sigframe");

size_t signal_frame_size(void)
{
    return align_up(sizeof(struct frame) + 2 * sizeof(uint64_t) + fpu_frame_size() + FPU_AREA_ALIGNMENT, 16);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The alternate stack
 */

#define SS_ONSTACK 1u
#define SS_DISABLE 2u
#define SS_AUTODISARM (1u << 31)
#define MINSIGSTKSZ 2048

static bool lies_on(const struct signal_stack *stack, uint64_t stack_pointer)
{
    return stack_pointer > stack->base && stack_pointer - stack->base <= stack->size;
}

/* One that disarms itself is never in use. */
static bool is_in_use(const struct signal_stack *stack, uint64_t stack_pointer)
{
    return !(stack->flags & SS_AUTODISARM) && lies_on(stack, stack_pointer);
}

int signal_stack_change(const struct signal_stack *new, struct signal_stack *old, uint64_t stack_pointer)
{
    struct signal_stack *stack = &task_current()->alternate_stack, now = *stack;
    bool in_use = is_in_use(stack, stack_pointer);
    if (new) {
        uint32_t mode = new->flags & ~SS_AUTODISARM;
        if (in_use)
            return -EPERM;
        if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
            return -EINVAL;
        bool changes = new->base != now.base || new->size != now.size || new->flags != now.flags;
        if (mode != SS_DISABLE && changes && new->size < MINSIGSTKSZ)
            return -ENOMEM;
        *stack = (struct signal_stack){.flags = new->flags};
        if (mode != SS_DISABLE) {
            stack->base = new->base;
            stack->size = new->size;
        }
    }
    if (old) {
        *old = (struct signal_stack){.base = now.base, .size = now.size, .flags = now.flags & SS_AUTODISARM};
        old->flags |= now.size == 0 ? SS_DISABLE : in_use ? SS_ONSTACK : 0;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * To the handler
 */

/* Where the frame goes, and *vector_registers above it; 0: there is no room on the alternate stack. */
static uaddr_t place(
    const struct signal_stack *stack, const struct signal_action *action, uint64_t rsp, uaddr_t *vector_registers)
{
    bool nested = is_in_use(stack, rsp), enters = action->flags & SA_ONSTACK && stack->size && !nested;
    uint64_t top = enters ? stack->base + stack->size : rsp - RED_ZONE;
    *vector_registers = align_down(top - fpu_frame_size(), FPU_AREA_ALIGNMENT);
    uaddr_t frame = align_down(*vector_registers - sizeof(struct frame), 16) - sizeof(uint64_t);
    return (nested || enters) && !lies_on(stack, frame) ? 0 : frame;
}

static void save_registers(struct context *context, const struct trap_frame *frame)
{
    *context = (struct context){.r8 = frame->r8,
        .r9 = frame->r9,
        .r10 = frame->r10,
        .r11 = frame->r11,
        .r12 = frame->r12,
        .r13 = frame->r13,
        .r14 = frame->r14,
        .r15 = frame->r15,
        .rdi = frame->rdi,
        .rsi = frame->rsi,
        .rbp = frame->rbp,
        .rbx = frame->rbx,
        .rdx = frame->rdx,
        .rax = frame->rax,
        .rcx = frame->rcx,
        .rsp = frame->rsp,
        .rip = frame->rip,
        .rflags = frame->rflags,
        .cs = (uint16_t)frame->cs,
        .ss = (uint16_t)frame->ss};
}

/* On the program's stack. */
static int write_frame(uaddr_t at, uaddr_t vector_registers, const struct trap_frame *registers,
    const struct siginfo *info, const struct signal_action *action)
{
    const struct task *task = task_current();
    struct frame frame;
    size_t size = action->flags & SA_SIGINFO ? sizeof frame : offsetof(struct frame, info);
    struct user_context *context = &frame.context;
    frame.restorer = action->restorer;
    context->flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (fpu_frame_is_extended() ? UC_FP_XSTATE : 0);
    context->link = 0;
    context->stack = task->alternate_stack;
    context->mask = task->restores_mask ? task->saved_mask : task->signal_mask;
    save_registers(&context->registers, registers);
    context->registers.error = task->fault.error;
    context->registers.vector = task->fault.vector;
    context->registers.address = task->fault.address;
    context->registers.old_mask = context->mask;
    context->registers.vector_registers = vector_registers;
    if (size == sizeof frame)
        frame.info = *info;
    return fpu_frame_save(vector_registers) == 0 && user_write(at, &frame, size) == 0 ? 0 : -EFAULT;
}

int signal_frame_make(
    struct trap_frame *registers, int signal, const struct siginfo *info, const struct signal_action *action)
{
    struct task *task = task_current();
    struct signal_stack *stack = &task->alternate_stack;
    uaddr_t vector_registers, at = place(stack, action, registers->rsp, &vector_registers);
    if (at == 0 || !(action->flags & SA_RESTORER) || action->handler >= USER_END)
        return -EFAULT;
    if (write_frame(at, vector_registers, registers, info, action) < 0)
        return -EFAULT;
    if (stack->flags & SS_AUTODISARM)
        *stack = (struct signal_stack){.flags = SS_DISABLE};
    registers->rip = action->handler;
    registers->rsp = at;
    registers->rdi = (uint64_t)signal;
    registers->rsi = at + offsetof(struct frame, info);
    registers->rdx = at + offsetof(struct frame, context);
    registers->rax = 0;
    registers->rflags &= ~(uint64_t)(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
    fpu_reset();
    task->restores_mask = false;
    signal_set_mask(task->signal_mask | action->mask | (action->flags & SA_NODEFER ? 0 : signal_bit(signal)));
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * And back
 */

static void restore_registers(struct trap_frame *frame, const struct context *context)
{
    frame->r8 = context->r8;
    frame->r9 = context->r9;
    frame->r10 = context->r10;
    frame->r11 = context->r11;
    frame->r12 = context->r12;
    frame->r13 = context->r13;
    frame->r14 = context->r14;
    frame->r15 = context->r15;
    frame->rdi = context->rdi;
    frame->rsi = context->rsi;
    frame->rbp = context->rbp;
    frame->rbx = context->rbx;
    frame->rdx = context->rdx;
    frame->rax = context->rax;
    frame->rcx = context->rcx;
    frame->rsp = context->rsp;
    frame->rip = context->rip;
    frame->rflags = (frame->rflags & ~(uint64_t)RFLAGS_PROGRAM) | (context->rflags & RFLAGS_PROGRAM);
}

long signal_frame_return(struct trap_frame *frame)
{
    struct task *task = task_current();
    struct user_context context;
    uaddr_t at = frame->rsp - sizeof(uaddr_t) + offsetof(struct frame, context); /* RET has taken the restorer */
    if (copy_from_user(&context, at) < 0 || context.registers.rip >= USER_END ||
        fpu_frame_load(context.registers.vector_registers) < 0) {
        signal_force(SIGSEGV, NULL);
        return (long)frame->rax;
    }
    restore_registers(frame, &context.registers);
    frame->vector = TRAP_BREAKPOINT; /* no system call any more that could be restarted */
    task->restart.function = NULL;
    signal_set_mask(context.mask);
    (void)signal_stack_change(&context.stack, NULL, frame->rsp);
    thread_attend_later(ATTENTION_FRAME);
    return (long)frame->rax;
}
