/*
 * The chain of callers, from the frame pointers on a stack: every function of the kernel begins with
 * `push %rbp; mov %rsp, %rbp`, so that RBP points to the caller's RBP, with the return address above it (System V ABI,
 * AMD64 supplement, 3.2.2). A trap's entry does the same with the interrupted RBP and RIP, just below its struct
 * trap_frame, and so the chain goes on through traps and from one stack to the next.
 *
 * The stack may be what is broken: each step must lead to mapped, aligned memory, to code of the kernel, and, on the
 * same stack, upwards. Where it does not, the chain ends, and the text says why.
 */
#ifndef CORRODE_DEBUG_BACKTRACE_H
#define CORRODE_DEBUG_BACKTRACE_H

#include "arch/x86_64/trap.h"
#include "lib/printf.h"

/* One function on the way. */
struct backtrace_entry {
    uintptr_t address;
    bool exact;                    /* the address itself was, or would have been, executed; else it was returned to */
    const struct trap_frame *trap; /* what happened there; NULL: it called the one before */
};

struct backtrace {
    uintptr_t frame;    /* RBP: where to read the next entry */
    uintptr_t pushed;   /* an entry that comes before that; 0: none */
    unsigned stacks;    /* how often the stack has changed */
    const char *broken; /* why the chain has ended before its time; NULL: it has not, or came to its end */
};

/* The walk begins at a trap, whose own RIP is the first entry, or with the callers of the code that has FRAME as RBP.
 */
void backtrace_begin_at_trap(struct backtrace *trace, const struct trap_frame *trap, struct backtrace_entry *first);
void backtrace_begin(struct backtrace *trace, uintptr_t frame);

/* The next caller; false at the end. */
bool backtrace_next(struct backtrace *trace, struct backtrace_entry *entry);

/*
 * Writes the callers, one a line, with symbols: from TRAP if there is one, else from FRAME. Equal lines that follow
 * each other (recursion) are written once, with their number. At most BACKTRACE_LINES lines.
 */
void backtrace_write(struct format_sink *sink, const struct trap_frame *trap, uintptr_t frame);
#define BACKTRACE_LINES 24

/* RBP of the function that calls this. */
#define BACKTRACE_HERE ((uintptr_t)__builtin_frame_address(0))

#endif
