/*
 * The kernel's command line: words separated by blanks, each `name` or `name=value`. Double quotes keep blanks
 * together, around a value or around all of a word: root="a b" and "root=a b" are the same, and there is no way to have
 * a double quote in a value. What follows the word `--` is not for the kernel.
 *
 *     cmdline_init(info->cmdline);
 *     char how[16];
 *     if (cmdline_get("panic", how, sizeof how) >= 0) ...
 *
 * Of a name that occurs several times the last counts, so that what is added to the end overrides. Names are compared
 * exactly, but for - and _, which are the same. Written once, by cmdline_init; after that anyone may read at any time.
 */
#ifndef CORRODE_LIB_CMDLINE_H
#define CORRODE_LIB_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CMDLINE_MAX 2048u /* bytes with the NUL */

/* Keeps a copy; what is beyond CMDLINE_MAX is cut, before the word that does not fit. NULL is the empty line. */
void cmdline_init(const char *text);

/* All of it, as it was given. */
const char *cmdline_text(void);

/*
 * Copies the value of NAME, without quotes, into BUFFER as far as it and a NUL fit, and returns the length that the
 * whole value has: >= size means cut off, as with strlcpy. A name without a value has the empty one. -1 when there is
 * no such name; the buffer is untouched then.
 */
int cmdline_get(const char *name, char *buffer, size_t size);

/* Is NAME there, alone or with another value than 0, no, off or false? */
bool cmdline_flag(const char *name);

/*
 * NAME's value as a number: decimal, or hexadecimal after 0x, then perhaps K, M, G or T (times 1024, 1024^2, ...).
 * False, and *number untouched, when the name is not there or its value is no such number or one beyond 64 bits.
 */
bool cmdline_number(const char *name, uint64_t *number);

/* What follows `--`: "" when nothing does. */
const char *cmdline_rest(void);

/* A number as cmdline_number takes it. */
bool cmdline_parse_number(const char *text, uint64_t *number);

#endif
