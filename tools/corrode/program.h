/*
 * A program of this machine that gets one of its own: the options that say how, and the tree of files that the machine
 * has, in which there is the program with what it needs (gather.h) and the process that starts it (tools/session).
 */
#ifndef CORRODE_PROGRAM_H
#define CORRODE_PROGRAM_H

#include "streams.h"
#include "tree.h"

struct program_options {
    struct strings files;       /* --add */
    struct strings environment; /* --env */
    const char *directory;      /* --cwd; NULL: this one, if it is there, else / */
};

/* Rows for them in a subcommand's table; AT(member) is where they are in its settings. */
#define PROGRAM_OPTIONS(AT)                                                                                            \
    {OPTION_LIST, 0, "add", "HOST[:GUEST]", "A file or directory for a program's machine; may be repeated", AT(files), \
        0},                                                                                                            \
        {OPTION_LIST, 'e', "env", "NAME[=VALUE]", "For its environment; without a value: ours. May be repeated",       \
            AT(environment), 0},                                                                                       \
        {OPTION_TEXT, 'C', "cwd", "DIR", "Where it starts; default: this directory if it is there, else /",            \
            AT(directory), 0}

/* Was one of them given? */
bool program_has_options(const struct program_options *options);

/* COMMAND[0] is the program, the rest its arguments. STREAMS NULL: it has the machine's console. Fatal as gather.h. */
struct tree_node *program_root(
    const struct strings *command, const struct program_options *options, const struct streams *streams);

#endif
