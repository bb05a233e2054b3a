/* The corrode tool: finds the subcommand and runs it. */
#include "cleanup.h"
#include "commands.h"
#include "lib/types.h"
#include "report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
    &command_new,
    &command_image,
    &command_run,
    &command_test,
    &command_write,
};

static void print_help(FILE *out)
{
    fputs(
        "Usage: corrode SUBCOMMAND [OPTIONS] ...\n\n"
        "Turns Linux programs, or a kernel, into a bootable image, boots it in QEMU, and writes it to a USB stick.\n\n"
        "Subcommands:\n",
        out);
    for (unsigned i = 0; i < ARRAY_LENGTH(commands); i++)
        fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`corrode SUBCOMMAND --help` says more about one of them, and so does `man corrode`.\n"
          "`corrode --version` shows the version.\n",
        out);
}

static const struct command *find_command(const char *name)
{
    const char *names[ARRAY_LENGTH(commands)];
    for (unsigned i = 0; i < ARRAY_LENGTH(commands); i++) {
        names[i] = commands[i]->name;
        if (strcmp(names[i], name) == 0)
            return commands[i];
    }
    const char *nearest = options_nearest(name, names, ARRAY_LENGTH(commands));
    const char *what = name[0] == '-' ? "option" : "subcommand";
    if (nearest)
        fatal_usage("unknown %s %s; did you mean %s?", what, name, nearest);
    fatal_usage("unknown %s %s", what, name);
}

/* Standard files that someone has closed are /dev/null, or an image that we open would get their number and our
 * messages. */
static void open_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    close(fd);
}

/* At exit. Output that went nowhere, such as a test's verdict on a full disk, is a failure. */
static void check_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return;
    report_error(NULL, "not all output could be written; is the disk full, or its reader gone?");
    _exit(report_status);
}

int main(int argc, char **argv)
{
    open_standard_files();
    atexit(check_output);
    cleanup_install();
    const char *word = argc > 1 ? argv[1] : NULL;
    if (!word) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts("corrode " VERSION);
        return 0;
    }
    bool help = strcmp(word, "help") == 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || (help && argc == 2)) {
        print_help(stdout);
        return 0;
    }
    const struct command *command = find_command(help ? argv[2] : word);
    report_subcommand = command->name;
    char *show_help[] = {argv[0], "--help", NULL};
    return help ? command->run(2, show_help) : command->run(argc - 1, argv + 1);
}
