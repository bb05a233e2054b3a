/*
 * The command line of a subcommand, as a table: parsing, `--help` and the hint for a mistyped option all come from it.
 *
 * An option is --name VALUE, --name=VALUE, -x VALUE, -xVALUE or a bare --switch. "--" ends them. Every subcommand also
 * knows --help, --version, --quiet and --verbose.
 */
#ifndef CORRODE_OPTIONS_H
#define CORRODE_OPTIONS_H

#include "text.h"

enum option_kind {
    OPTION_END = 0,
    OPTION_SWITCH, /* bool */
    OPTION_TEXT,   /* const char * */
    OPTION_LIST,   /* struct strings: may be repeated */
    OPTION_BYTES,  /* uint64_t; K, M and G as suffixes; `unit` is what a bare number counts */
    OPTION_NUMBER, /* uint64_t, 1 to `unit` */
    OPTION_PORT,   /* uint64_t: a TCP port, `unit` when the option is bare; the value is joined to it: --name=VALUE */
    OPTION_CHOICE, /* int: index into `choices`, which is "one|two|three" */
};

struct option_row {
    enum option_kind kind;
    char letter; /* 0: no short form */
    const char *name;
    const char *value; /* its placeholder in the help; for a choice, the choices */
    const char *help;
    size_t offset; /* of the variable in the subcommand's settings */
    uint64_t unit;
};

struct command {
    const char *name;
    const char *summary; /* one line, for `corrode --help` */
    const char *synopsis;
    const char *help;  /* paragraphs after the synopsis */
    const char *after; /* paragraphs after the options; may be NULL */
    const struct option_row *options;
    bool operands_end_options; /* the first operand ends the options, so that what follows belongs to it */
    int (*run)(int argc, char **argv);
};

/*
 * Fills SETTINGS and returns the operands. Wrong usage ends the tool with status 2, --help and --version with 0.
 * argv[0] is the subcommand's name.
 */
struct strings options_parse(const struct command *command, void *settings, int argc, char **argv);

/* The index of WORD in "one|two|three", or -1. */
int options_choice(const char *choices, const char *word);

/* The best of COUNT names for a mistyped WORD, or NULL when none is near. */
const char *options_nearest(const char *word, const char *const *names, size_t count);

#endif
