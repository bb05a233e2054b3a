/*
 * What the pieces of the hand-off blob know of each other.
 */
#ifndef CORRODE_BOOT_HANDOFF_INTERNAL_H
#define CORRODE_BOOT_HANDOFF_INTERNAL_H

#include "boot/handoff/handoff.h"

/* entry.S */
extern uint64_t gdt[];
extern const uint8_t fault_stubs[]; /* 32 of 8 bytes */
extern uint8_t handoff_stack_top[];

/* What the stubs push; the end of it is what the processor pushes. */
struct fault_frame {
    uint64_t cr2;
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t stub; /* within the stub of the exception */
    uint64_t error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

extern struct handoff handoff_parameters;
void handoff_main(struct handoff *parameters);
_Noreturn void fault_report(const struct fault_frame *frame);

#endif
