/*
 * What the files of the trap code know of each other.
 */
#ifndef CORRODE_ARCH_TRAP_INTERNAL_H
#define CORRODE_ARCH_TRAP_INTERNAL_H

#include "arch/x86_64/trap.h"

/* trap_entry.S: one stub a vector, this many bytes apart. */
#define TRAP_STUB_SIZE 16
extern const char trap_stubs[];

/* Is SMAP in use? The stubs close user memory at every trap then, which processors without it do not understand. */
extern bool trap_closes_user_memory;

/* Instructions that may fault, and where the code goes on then (TRAP_FIXUP). The linker knows where they begin and end.
 */
struct fixup {
    int32_t faulting, landing; /* distances from the members themselves */
};
extern const struct fixup __start_trap_fixups[], __stop_trap_fixups[];

/* What the stubs call, on the stack that the trap was taken on, interrupts off on entry and return. */
void trap_dispatch(struct trap_frame *frame);

/*
 * The place to which a trap_try returns: what a function must preserve (System V ABI, AMD64 supplement, 3.2.1), in the
 * order in which trap_entry.S stores it, and then what the dispatcher fills in.
 */
struct trap_landing {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp;
    uint64_t rflags;
    struct trap_landing *outer;
    struct trap_frame *frame; /* copies for the caller; NULL: not wanted */
    vaddr_t *address;
    bool in_interrupt; /* an interrupt handler has called trap_try */
};

/* Fills in the registers and calls function(argument); true when it returned, false when trap_land was reached. */
bool trap_call(struct trap_landing *landing, void (*function)(void *), void *argument);
/* Continues after trap_call; not a function: the dispatcher jumps there with RDI = landing. */
extern const char trap_land[];

/* nmi.c, machine_check.c: handlers of their vectors. */
bool nmi_handle(struct trap_frame *frame, vaddr_t address);
bool machine_check_handle(struct trap_frame *frame, vaddr_t address);

#endif
