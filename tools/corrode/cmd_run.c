/* `corrode run`: boots a directory of programs, a disk image or a kernel, with its serial line on this terminal. */
#include "commands.h"

#include "gather.h"
#include "machine.h"
#include "report.h"
#include "tree.h"

#include <stdlib.h>
#include <unistd.h>

struct settings {
    struct machine machine;
    struct strings files; /* --add */
};

static const struct option_row options[] = {
    {OPTION_CHOICE, 'F', "firmware", FIRMWARES, "Default: bios, and direct for a directory or archive",
        offsetof(struct machine, firmware), 0},
    MACHINE_OPTIONS,
    {OPTION_TEXT, 'k', "kernel", "FILE", "The kernel for a directory or archive; default: Corrode's",
        offsetof(struct machine, kernel), 0},
    {OPTION_TEXT, 'c', "cmdline", "STRING", "More words for that kernel's command line",
        offsetof(struct machine, words), 0},
    {OPTION_LIST, 0, "add", "HOST[:GUEST]", "A file or directory for a program's machine; may be repeated",
        offsetof(struct settings, files), 0},
    {OPTION_SWITCH, 'd', "display", NULL, "Show the screen, in a window or by VNC, until it is closed",
        offsetof(struct machine, display), 0},
    {OPTION_NUMBER, 't', "timeout", "SECONDS", "End the machine after so long; default: never",
        offsetof(struct machine, timeout), 1000000000},
    {OPTION_PORT, 'g', "gdb", "PORT", "Wait for gdb before the first instruction; default port: 1234",
        offsetof(struct machine, gdb), 1234},
    {0},
};

static int run(int argc, char **argv)
{
    struct settings settings = {.machine = {MACHINE_DEFAULTS, .firmware = -1}};
    struct machine *machine = &settings.machine;
    report_status = EXIT_BROKEN;
    struct strings operands = options_parse(&command_run, &settings, argc, argv);
    if (!operands.count)
        fatal_usage("boot what? Give a program, a directory, an archive, a disk image or a kernel");
    const char *thing = operands.items[0];
    struct strings arguments = {operands.items + 1, operands.count - 1};
    bool is_program = gather_is_program(thing), is_tree = !is_program && tree_is_readable(thing);
    if (settings.files.count && !is_program)
        fatal_usage("%s: --add is for programs; put the file into the directory or archive", thing);
    if (machine->firmware < 0)
        machine->firmware = is_tree || is_program ? FIRMWARE_DIRECT : FIRMWARE_BIOS;
    unsigned firmwares = 1u << machine->firmware;
    if (is_program)
        machine_insert_program(machine, &operands, &settings.files, firmwares);
    else
        (is_tree ? machine_insert_tree : machine_insert)(machine, thing, &arguments, firmwares);
    enum verdict verdict;
    do
        verdict = machine_boot(machine, NULL);
    while (verdict == VERDICT_RESTART && isatty(STDIN_FILENO));
    if (verdict_status(verdict) != EXIT_SUCCESS)
        report_error(NULL, "%s", verdict_sentence(verdict));
    return verdict_status(verdict);
}

const struct command command_run = {
    .name = "run",
    .summary = "Boot programs, an image or a kernel in QEMU",
    .synopsis = "[OPTIONS] THING [ARGUMENTS...]",
    .help =
        "Boots THING in QEMU, with the serial line on this terminal. THING is a program of this machine (an ELF file\n"
        "or a script; or a name in $PATH), which runs with the ARGUMENTS as process 1 of a machine of its own, with\n"
        "what it needs: its interpreter and libraries; or a directory or an archive (tar, cpio, perhaps compressed)\n"
        "of Linux programs, of which the ARGUMENTS are the command that becomes process 1; or a disk image; or a\n"
        "kernel (an ELF file with a Corrode boot note), whose command line the ARGUMENTS become. Ctrl-A X quits.\n",
    .after = "Exit status:\n"
             "    0  the kernel reported success, for process 1 did; or it switched the machine off, or you ended it\n"
             "    1  the kernel reported failure\n"
             "    2  wrong usage\n"
             "  124  --timeout was over\n"
             "  125  corrode, QEMU or the boot loader failed\n"
             "  126  the machine crashed: a panic, or a reset\n\n"
             "A kernel that restarts the machine does so when this is a terminal; else that is a reset.\n",
    .options = options,
    .operands_end_options = true,
    .run = run,
};
