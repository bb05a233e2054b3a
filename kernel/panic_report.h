/*
 * What the kernel proper says in a panic, and what it does in the end: `panic=` on the command line is
 *
 *     exit        reports to the virtual machine monitor, which ends the machine; on a PC, halts. This is the default
 *     halt        stops
 *     reboot      starts anew, after five seconds; a number instead of the word: after so many seconds
 */
#ifndef CORRODE_PANIC_REPORT_H
#define CORRODE_PANIC_REPORT_H

#include "boot/protocol.h"
#include "lib/types.h"

/* What the report asks of other parts of the kernel, once they are there. Called with everything stopped: no locks. */
struct lock_list;
struct panic_sources {
    const char *(*thread)(uint64_t *id);                    /* the name of this CPU's thread; NULL: none */
    bool (*stack)(vaddr_t *base, size_t *size);             /* its kernel stack */
    void (*stop_others)(void);                              /* smp_stop_others */
    bool (*area)(vaddr_t address, char *text, size_t size); /* what the address belongs to, in words: "a guard page" */
    const struct lock_list *(*locks)(void); /* the sleeping locks that the thread holds; NULL: none. Debug builds */
};
extern struct panic_sources panic_sources;

/* From now on a panic says all that it can. After console, log and command line. */
void panic_report_init(const struct boot_info *info);

#endif
