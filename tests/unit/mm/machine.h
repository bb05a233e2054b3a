/*
 * A machine with memory, for unit tests of kernel/mm/: physical memory is a file that is nearly all holes, mapped as
 * the direct map; the array of struct page is mapped from the same file as the kernel asks for it, so that what
 * overlaps there overlaps here, and is full of rubbish at first.
 */
#ifndef CORRODE_TESTS_MM_MACHINE_H
#define CORRODE_TESTS_MM_MACHINE_H

#include "boot/protocol.h"
#include "lib/types.h"

#include <setjmp.h>
#include <stdbool.h>

#define MACHINE_RANGES 1024
#define MACHINE_MEMORY (2ull << 40) /* physical addresses end there */

struct machine_range {
    uint64_t base, end;
    uint32_t type; /* enum boot_memory_type */
};

/* Memory by that map, which is as boot/protocol.h says. Undoes the last machine. Nothing is started. */
const struct boot_info *machine_create(const struct machine_range *map, unsigned count);
void machine_destroy(void);

/* Starts page frames, with some frames taken for page tables; then, on top of them, slabs. */
void machine_start_pages(const struct boot_info *info);

/* Did the start take this frame for itself (page tables, the array)? */
bool machine_is_taken(uint64_t frame);

/*
 * A panic ends the test, unless it is expected:
 *
 *     if (machine_expects_panic())
 *         page_free(page, 0);
 *     assert_true(machine_panicked("is freed as a block of order 0"));
 */
#define machine_expects_panic() (machine_panic_begin(), setjmp(machine_panic_jump) == 0)
extern jmp_buf machine_panic_jump;
void machine_panic_begin(void);
bool machine_panicked(const char *text); /* since then, with a message that holds TEXT */
const char *machine_panic_message(void);

/* smp_call_all_if_possible plays every CPU, unless threads do. */
extern bool machine_has_threads;

#endif
