/*
 * trace=syscall: a line in the log for each system call, much as strace would print it.
 *
 *     struct syscall_trace trace;                              on the stack of the call
 *     syscall_trace_begin(&trace, number, arguments);          before: what the program says
 *     long result = handler(arguments);                        may replace the program and its memory, or not come back
 *     syscall_trace_end(&trace, result);                       after: what the call has filled, and the result
 *
 * Neither takes a lock of its own; both read the program's memory, so they may sleep.
 */
#ifndef CORRODE_SYSCALL_TRACE_H
#define CORRODE_SYSCALL_TRACE_H

#include "log.h"
#include "syscall/syscall.h"

/* So much is kept for the arguments: with the program's name and the longest result it is one message of the log. */
#define TRACE_TEXT_MAX (LOG_MESSAGE_MAX - 108)

struct syscall_trace {
    const struct syscall *call; /* NULL: Linux has none of this number */
    const char *kinds;          /* of its arguments: table.h */
    uint64_t arguments[6];      /* as they were before the call, which may change the frame */
    unsigned next;              /* the first argument that is not in the text yet */
    uint16_t length;            /* of the text */
    bool cut;                   /* there was more than it has room for */
    char text[TRACE_TEXT_MAX];
};

/* A call that never comes back is in the log when this returns. */
void syscall_trace_begin(struct syscall_trace *trace, uint64_t number, const uint64_t arguments[6]);
void syscall_trace_end(struct syscall_trace *trace, long result);

/* Adds to the text: what does not fit is cut off, and all that comes after it. */
void syscall_trace_add(struct syscall_trace *trace, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* trace_names.c: the names of a kind (an upper-case letter) whose bits are in VALUE; false: there is no such kind. */
bool syscall_trace_add_names(struct syscall_trace *trace, char kind, uint64_t value);
void syscall_trace_add_signal(struct syscall_trace *trace, int signal);

/* "= 3", "= -1 ENOENT (No such file or directory)", into BUFFER. */
void syscall_trace_result(char *buffer, size_t size, const struct syscall_trace *trace, long result);

#endif
