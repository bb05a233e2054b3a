/*
 * Traps in words: what the processor says of an exception (vector, error code, CR2), what it means, and what is known
 * of the place.
 *
 * Source: Intel SDM volume 3A, 6.13 (error codes), 6.15 (exceptions), 4.7 (page faults).
 */
#ifndef CORRODE_DEBUG_TRAP_REPORT_H
#define CORRODE_DEBUG_TRAP_REPORT_H

#include "arch/x86_64/trap.h"
#include "lib/printf.h"

/* What the trap itself does not say. */
struct trap_facts {
    const char *who;    /* "thread init" */
    vaddr_t address;    /* CR2, for page faults and double faults */
    bool overflow;      /* the address is in the guard page of a kernel stack */
    vaddr_t stack_base; /* the thread's stack, if it is known; else 0 */
    size_t stack_size;
    const char *area; /* what the address belongs to, in words; NULL: not known */
    uint16_t code;    /* the first two bytes of the instruction, the first lowest; 0: not known */
};

/* One sentence: "page fault: thread init wrote to 0x10, where nothing is mapped (a null pointer)". */
void trap_explain(char *text, size_t size, const struct trap_frame *trap, const struct trap_facts *facts);

/* The error code in words: "write, not present"; "" when the exception has none. */
void trap_error_text(char *text, size_t size, const struct trap_frame *trap);

/* What a kernel address belongs to by the layout of the address space (paging.h); NULL: nothing. */
const char *trap_area(vaddr_t address);

/* All registers, three to a line, with what RIP is. */
void trap_write_registers(struct format_sink *sink, const struct trap_frame *trap);

/* Error code, the instruction's bytes, and for a page fault what the page tables say of the address. */
void trap_write_details(struct format_sink *sink, const struct trap_frame *trap, vaddr_t address);

#endif
