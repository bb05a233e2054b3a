/* The subcommands, each in its own cmd_*.c. */
#ifndef CORRODE_COMMANDS_H
#define CORRODE_COMMANDS_H

#include "options.h"

extern const struct command command_image, command_run, command_test, command_write, command_new;

#endif
