/* `corrode run`: boots a directory of programs, a disk image or a kernel, with its serial line on this terminal. */
#include "commands.h"

#include "gather.h"
#include "machine.h"
#include "program.h"
#include "report.h"
#include "tree.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
    struct machine machine;
    struct program_options program;
};
#define PROGRAM_AT(member) offsetof(struct settings, program.member)

static const struct option_row options[] = {
    {OPTION_CHOICE, 'F', "firmware", FIRMWARES, "Default: bios, and direct for programs, directories and archives",
        offsetof(struct machine, firmware), 0},
    MACHINE_OPTIONS,
    {OPTION_TEXT, 'k', "kernel", "FILE", "The kernel for programs; default: Corrode's",
        offsetof(struct machine, kernel), 0},
    {OPTION_TEXT, 'c', "cmdline", "STRING", "More words for that kernel's command line",
        offsetof(struct machine, words), 0},
    PROGRAM_OPTIONS(PROGRAM_AT),
    {OPTION_SWITCH, 'd', "display", NULL, "Show the screen, in a window or by VNC, until it is closed",
        offsetof(struct machine, display), 0},
    {OPTION_NUMBER, 't', "timeout", "SECONDS", "End the machine after so long; default: never",
        offsetof(struct machine, timeout), 1000000000},
    {OPTION_PORT, 'g', "gdb", "PORT", "Wait for gdb before the first instruction; default port: 1234",
        offsetof(struct machine, gdb), 1234},
    {0},
};

#define EXIT_NO_COMMAND 127 /* of shells and env(1), which then have said which one */

/* What the kernel and QEMU have said beside a program, for the case that it matters. */
#define SAID_MAX 65536
static char said[SAID_MAX];
static size_t said_length;

static void keep_said(const char *text, size_t length)
{
    if (report_verbose)
        (void)!write(STDERR_FILENO, text, length);
    if (length > SAID_MAX)
        length = SAID_MAX;
    if (said_length + length > SAID_MAX) { /* the end is what tells most */
        size_t lost = said_length + length - SAID_MAX;
        said_length -= lost;
        memmove(said, said + lost, said_length);
    }
    memcpy(said + said_length, text, length);
    said_length += length;
}

/* Less what colours it. */
static void show_said(void)
{
    for (size_t i = 0; i < said_length; i++) {
        if (said[i] == '\033' && i + 1 < said_length && said[i + 1] == '[') {
            for (i += 2; i < said_length && (said[i] < '@' || said[i] > '~');)
                i++;
        } else if (said[i] != '\r') {
            fputc(said[i], stderr);
        }
    }
}

/* The program's own status, or the machine's when that failed and says so. */
static int end_of_program(enum verdict verdict, const struct streams *streams)
{
    bool ended = verdict == VERDICT_SUCCESS || verdict == VERDICT_FAILURE || verdict == VERDICT_OFF;
    if (streams->quit)
        return 128 + SIGKILL;
    if (ended && streams->told)
        return streams->status == 0 && streams->damaged ? EXIT_BROKEN : streams->status;
    if (verdict_status(verdict) == EXIT_SUCCESS)
        return EXIT_SUCCESS;
    if (!report_verbose && verdict != VERDICT_TIMEOUT)
        show_said();
    report_error(NULL, "%s", verdict_sentence(verdict));
    return verdict_status(verdict);
}

static int run_program(struct settings *settings, const struct strings *command)
{
    struct streams streams;
    struct machine *machine = &settings->machine;
    if (!machine->display) { /* else the program has the screen */
        machine->streams = &streams;
        streams_plan(&streams);
    }
    machine_insert_program(machine, command, &settings->program, 1u << machine->firmware);
    enum verdict verdict = machine_boot(machine, machine->streams ? keep_said : NULL);
    int status = machine->streams ? end_of_program(verdict, &streams) : verdict_status(verdict);
    if (status == EXIT_NO_COMMAND)
        gather_advise(command->items[0]);
    return status;
}

/* What would wait for ever to be read, or is nowhere. */
static void check_thing(const char *thing, bool is_program)
{
    struct stat status;
    if (stat(thing, &status) < 0) {
        if (!is_program && !strchr(thing, '/'))
            fatal(thing, "is no file here and no program in PATH; check the name, or install it");
    } else if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISCHR(status.st_mode)) {
        fatal(thing, "is a FIFO, socket or character device; give a regular file or a directory");
    }
}

static int run(int argc, char **argv)
{
    struct settings settings = {.machine = {MACHINE_DEFAULTS, .firmware = -1}};
    struct machine *machine = &settings.machine;
    report_status = EXIT_BROKEN;
    struct strings operands = options_parse(&command_run, &settings, argc, argv);
    if (!operands.count || !*operands.items[0])
        fatal_usage("boot what? Give a program, a directory, an archive, a disk image or a kernel");
    const char *thing = operands.items[0];
    struct strings arguments = {operands.items + 1, operands.count - 1};
    bool is_program = gather_is_program(thing);
    check_thing(thing, is_program);
    bool is_tree = !is_program && tree_is_readable(thing);
    if (program_has_options(&settings.program) && !is_program)
        fatal_usage("%s: --add, --env and --cwd are for programs; put files into the directory or archive", thing);
    if (machine->firmware < 0)
        machine->firmware = is_tree || is_program ? FIRMWARE_DIRECT : FIRMWARE_BIOS;
    if (is_program)
        return run_program(&settings, &operands);
    (is_tree ? machine_insert_tree : machine_insert)(machine, thing, &arguments, 1u << machine->firmware);
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
        "Boots THING in QEMU. THING is a program of this machine (an ELF file or a script; or a name in $PATH), which\n"
        "runs with the ARGUMENTS in a machine of its own, with what it needs: its interpreter and libraries. Standard\n"
        "input, output and errors, the terminal and the exit status are the program's.\n"
        "Or, with the serial line on this terminal, THING is a directory or an archive (tar, cpio, perhaps "
        "compressed)\n"
        "of Linux programs, of which the ARGUMENTS are the command that becomes process 1; or a disk image; or a\n"
        "kernel (an ELF file with a Corrode boot note), whose command line the ARGUMENTS become. Ctrl-A X quits.\n",
    .after = "Exit status: a program's own, 128+N after signal N. Of anything else:\n"
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
