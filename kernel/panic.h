/*
 * The end of a kernel that met a state which should be impossible: it says what and where, and stops.
 *
 *     ASSERT(page->state == PAGE_FREE);      cheap, and therefore always checked
 *     DEBUG_ASSERT(list_is_sound(&pages));   checked in debug builds; must have no side effects
 *     panic("slab %s: %p was freed twice", cache->name, object);
 *
 * A panic may happen anywhere: in an interrupt or NMI, with any lock held, on several CPUs at once, or in the midst of
 * another. The first one's reason is printed in any case, then as much more as can be had: what is known of the place
 * (struct panic_operations), each part of it on its own, so that one that fails costs only itself.
 */
#ifndef CORRODE_PANIC_H
#define CORRODE_PANIC_H

#include "boot/protocol.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Prints the message (format as in lib/printf.h), where it came from and the chain of callers, on screen and serial;
 * then the machine ends: BOOT_EXIT_PANIC, or as `panic=` says.
 */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, for what happened where the registers are those of TRAP, and CR2 was ADDRESS. */
struct trap_frame;
_Noreturn void panic_at(const struct trap_frame *trap, uintptr_t address, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A trap that nobody wants: says what it means, and panics. In panic_report.c, so not for kernels of the kit. */
_Noreturn void panic_trap(const struct trap_frame *trap, uintptr_t address);

/* Always checked. The values in question are best seen with `if (...) panic(...)`. */
#define ASSERT(condition) ((condition) ? (void)0 : panic_assert(#condition, __FILE__, __LINE__))

/* Only in debug builds; elsewhere the condition is compiled, so that it stays correct, but not evaluated. */
#ifdef DEBUG
#define DEBUG_ASSERT(condition) ASSERT(condition)
#else
#define DEBUG_ASSERT(condition) ((void)sizeof(!(condition)))
#endif
_Noreturn void panic_assert(const char *condition, const char *file, int line);

/* What a panic is about. */
struct panic_info {
    const char *reason;
    const struct trap_frame *trap; /* NULL: the code itself has called panic */
    uintptr_t address;             /* CR2 when the trap came */
    const uintptr_t *frame;        /* of the stack (RBP), where the chain of callers begins; NULL: at the trap */
};

/*
 * What the kernel proper adds to the few lines below, which know only the console. Without it, or with NULL in a slot,
 * a panic prints the chain of callers as numbers and calls machine_exit.
 */
struct panic_operations {
    void (*stop_others)(void);                            /* the other CPUs stop where they are */
    void (*const *report)(const struct panic_info *info); /* one after another, up to a NULL */
    void (*end)(const struct panic_info *info);           /* does what comes last; machine_exit if it returns */
};
void panic_set_operations(const struct panic_operations *operations);

/* Has the kernel panicked? Then whoever waits for another CPU need not. */
bool panic_is_under_way(void);

/*
 * The canary that -fstack-protector puts between a function's arrays and its return address, under the names that
 * compilers use. stack_guard_init makes it random; no function that is entered before it may return after it.
 */
extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);
void stack_guard_init(const struct boot_info *info);

#endif
