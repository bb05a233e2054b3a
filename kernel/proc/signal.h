/*
 * Signals, with Linux's numbers and structures for x86-64. So far they are remembered (rt_sigaction, rt_sigprocmask)
 * and end processes that fault; none is delivered to a handler yet.
 *
 * Source: signal(7), sigaction(2).
 */
#ifndef CORRODE_PROC_SIGNAL_H
#define CORRODE_PROC_SIGNAL_H

#include "lib/types.h"

#define SIGNALS 64

#define SIGILL 4
#define SIGTRAP 5
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGSEGV 11
#define SIGSTOP 19

/* As programs pass it to rt_sigaction. */
struct signal_action {
    uint64_t handler; /* SIG_DFL 0, SIG_IGN 1, or the program's function */
    uint64_t flags;   /* SA_* */
    uint64_t restorer;
    uint64_t mask; /* bit n-1: signal n */
};

static inline uint64_t signal_bit(int signal)
{
    return 1ull << (signal - 1);
}

#endif
