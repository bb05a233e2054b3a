/*
 * What the tool says. Everything goes to stderr, one line a message:
 *
 *     corrode: FILE: what is wrong; what to do
 *
 * A fatal error ends the tool with the status that the running subcommand has set (1 unless it says otherwise), through
 * exit(), so that temporary files vanish and QEMU ends (cleanup.h).
 */
#ifndef CORRODE_REPORT_H
#define CORRODE_REPORT_H

#include <stdbool.h>

#define EXIT_USAGE 2

extern int report_status;   /* exit status of a fatal error */
extern bool report_quiet;   /* --quiet: errors only */
extern bool report_verbose; /* --verbose */

/* FILE may be NULL when no file is to blame. */
void report_error(const char *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void fatal(const char *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a failed system call: "cannot DOING: text of errno; advice for it". */
void report_errno(const char *file, const char *doing);
_Noreturn void fatal_errno(const char *file, const char *doing);

/* Wrong usage: the message, a pointer to `corrode SUBCOMMAND --help`, status 2. */
_Noreturn void fatal_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern const char *report_subcommand; /* NULL before it is known */

/* A hint for people; silent with --quiet. And a detail, only with --verbose. */
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void report_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
