/*
 * Scripts: the line `#!interpreter argument` with which a file says who is to run it. Nothing here but text, so that
 * tests and fuzzers of the host have it too.
 *
 * Source: execve(2), "Interpreter scripts".
 */
#ifndef CORRODE_PROC_SCRIPT_H
#define CORRODE_PROC_SCRIPT_H

#include "lib/types.h"

#define SCRIPT_HEAD 256 /* bytes of the file that are looked at: the line must end there, at the latest */

struct script {
    const char *interpreter;
    const char *argument; /* NULL: none */
};

/* Is HEAD, with zeros where the file is shorter, the beginning of a script? Its words are terminated in place. False:
 * it is none, or says nothing. */
bool script_parse(char head[SCRIPT_HEAD], struct script *script);

#endif
