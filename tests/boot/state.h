/*
 * What state_entry.S notes for state.c.
 */
#ifndef CORRODE_TESTS_BOOT_STATE_H
#define CORRODE_TESTS_BOOT_STATE_H

#include <stdint.h>

struct state {
    uint64_t rdi, rsp, rflags;
    uint64_t cs, ss, ds, es, fs, gs, tr, ldt;
    uint64_t zero[13]; /* RAX is the entry point's own address, or anything; all others must be 0 */
};

extern struct state state;

#endif
