/*
 * A new stack, as if its thread had called context_switch: see switch.h.
 */
#include "arch/x86_64/switch.h"

/* In the order in which context_switch pops; then what a backtrace takes for the outermost frame. */
struct new_stack {
    uint64_t r15, r14, r13, r12, rbx, rbp;
    uint64_t return_address;
    struct {
        uint64_t rbp, return_address; /* 0: no caller */
    } outermost;
};
_Static_assert((sizeof(struct new_stack) - sizeof(uint64_t) * 7) % 16 == 0, "the stack is aligned at context_entry");

vaddr_t context_create(vaddr_t top, void (*begin)(vaddr_t *from, void *argument), void *argument)
{
    struct new_stack *stack = (struct new_stack *)(top - sizeof *stack);
    *stack = (struct new_stack){
        .rbx = (uintptr_t)begin,
        .r12 = (uintptr_t)argument,
        .rbp = (uintptr_t)&stack->outermost,
        .return_address = (uintptr_t)context_entry,
    };
    return (vaddr_t)stack;
}
