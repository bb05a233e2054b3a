/* Running other programs: qemu-img to its end, QEMU beside the tool. */
#ifndef CORRODE_PROCESS_H
#define CORRODE_PROCESS_H

#include "text.h"

#include <sys/types.h>

/* Seconds on a clock that only goes forward. */
double process_clock(void);

/*
 * Starts a program, found on PATH. INPUT, OUTPUT and ERRORS become its standard files; -1 leaves them as they are. KEEP
 * is one more descriptor that it inherits, or -1. Fatal, naming PACKAGE, when there is no such program. It dies with
 * the tool; with an INPUT of its own, signals of the terminal's, such as ^C, are the tool's alone.
 */
pid_t process_start(const struct strings *command, int input, int output, int errors, int keep, const char *package);

/* Its exit status, or the negative of the signal that ended it. */
int process_wait(pid_t child);

/*
 * Runs a program to its end and returns its exit status; what it printed, on either output, goes into *text. After
 * TIMEOUT seconds (0: never) it is killed, which the status says.
 */
int process_run(const struct strings *command, const char *package, double timeout, char **text);

#endif
