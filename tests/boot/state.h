/*
 * What state_entry.S notes for state.c.
 */
#ifndef CORRODE_TESTS_BOOT_STATE_H
#define CORRODE_TESTS_BOOT_STATE_H

#include <stdint.h>

struct state {
    uint64_t rsp, rflags, rbp, rdi;
    uint64_t cs, ss, ds, es;
};

extern struct state state;

#endif
