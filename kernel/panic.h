/*
 * The end of a kernel that met a state which should be impossible: it says what and where, and stops.
 */
#ifndef CORRODE_PANIC_H
#define CORRODE_PANIC_H

#include "boot/protocol.h"

#include <stdint.h>

/* Prints the message, where it came from and the chain of callers, on screen and serial; exits BOOT_EXIT_PANIC. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The canary that -fstack-protector puts between a function's arrays and its return address, under the names that
 * compilers use. stack_guard_init makes it random; no function that is entered before it may return after it.
 */
extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);
void stack_guard_init(const struct boot_info *info);

#endif
