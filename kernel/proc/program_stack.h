/*
 * The stack of a program in the making: strings and words that the kernel puts there page by page, from the top down,
 * before the program runs. The address space need not be the current thread's.
 *
 *     program_stack_begin(&stack, space);
 *     program_stack_limit(&stack, &arguments, ...);     how much there may be
 *     program_stack_push_string ...                     each below the one before
 *     program_stack_finish(&stack, auxiliary, ...);     argc and all that points to the strings
 *     program_stack_end(&stack);
 *
 * Errors: -E2BIG, also where the stack may not grow any further; -EFAULT: the strings are not where the caller says;
 * -ENOMEM.
 *
 * Source: System V ABI, AMD64 supplement, 3.4.1; execve(2), "Limits on size of arguments and environment".
 */
#ifndef CORRODE_PROC_PROGRAM_STACK_H
#define CORRODE_PROC_PROGRAM_STACK_H

#include "proc/program.h"

struct program_stack {
    struct vm_space *space;
    vaddr_t pointer; /* of the last thing pushed */
    vaddr_t lowest;  /* strings may not go below */
    unsigned argument_count, environment_count;
    struct stack_window {  /* the page that is at hand */
        struct page *page; /* with a reference; NULL: none */
        vaddr_t address;
    } window;
};

/* At space->stack_top, somewhat lower by SHIFT, which is less than half a page. */
void program_stack_begin(struct program_stack *stack, struct vm_space *space, unsigned shift);
void program_stack_end(struct program_stack *stack);

/* Counts the strings, and decides how far they may reach. */
int program_stack_limit(struct program_stack *stack, const struct program_arguments *arguments);

int program_stack_push_string(struct program_stack *stack, const char *string);
int program_stack_push_bytes(struct program_stack *stack, const void *bytes, size_t size);

/* All environment strings, then above them all arguments: the first one is lowest. */
int program_stack_push_arguments(struct program_stack *stack, const struct program_arguments *arguments);

/* Takes the lowest string away, which is the first argument. */
int program_stack_drop_argument(struct program_stack *stack);

/*
 * Below the strings: argc, argv, environment, and the auxiliary vector, COUNT words. ARGUMENTS: where the first
 * argument was pushed. Notes in the space what lies where; the stack pointer is stack->pointer then.
 */
int program_stack_finish(
    struct program_stack *stack, vaddr_t arguments, const uint64_t *auxiliary, unsigned auxiliary_count);

#endif
