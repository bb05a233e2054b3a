/*
 * System calls: from SYSCALL in a program to the handler and back.
 *
 * arch/x86_64/syscall_entry.S saves all registers as a struct trap_frame, as a trap does, and calls syscall_dispatch,
 * which finds the row in the table and calls the handler with the six arguments. What the handler returns goes into
 * RAX: a result, or -errno. A call that is not there returns ENOSYS, and the log tells so once.
 *
 * `trace=syscall` on the command line makes the log tell of every call, much as strace would (trace.h).
 *
 * Source: Intel SDM volume 2, SYSCALL and SYSRET; System V ABI, AMD64 supplement, A.2.1 (which registers).
 */
#ifndef CORRODE_SYSCALL_SYSCALL_H
#define CORRODE_SYSCALL_SYSCALL_H

#include "arch/x86_64/trap.h"

/* How well a call does what Linux's does. */
enum syscall_state {
    SYSCALL_ABSENT,
    SYSCALL_WHOLE,
    SYSCALL_PARTIAL, /* the note says what is missing */
    SYSCALL_REFUSED, /* always fails, in a way that programs know; the note says how */
};

typedef long syscall_handler(const uint64_t arguments[6]);

struct syscall {
    const char *name;         /* NULL: Linux has none of that number */
    const char *kinds;        /* of its arguments: table.h */
    syscall_handler *handler; /* NULL: absent */
    uint8_t state;            /* enum syscall_state */
    const char *note;
};

#define SYSCALL_COUNT 462
extern const struct syscall syscalls[SYSCALL_COUNT];

/* From the entry code. Returns, with interrupts off, whether SYSRET may be used. */
bool syscall_dispatch(struct trap_frame *frame);

void syscall_init_cpu(void); /* on each CPU: STAR, LSTAR, SFMASK */
void syscall_init(void);     /* once, after cmdline_init: trace= */

#endif
