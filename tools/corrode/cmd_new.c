/* `corrode new`: a ready-to-build kernel in a new directory. */
#include "commands.h"

#include "embedded.h"
#include "file.h"
#include "report.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PREFIX "new/"

static const struct option_row options[] = {{0}};

static void make_directory(const char *path)
{
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        fatal_errno(path, "make the directory");
}

static void check_empty(const char *path)
{
    DIR *directory = opendir(path);
    if (!directory)
        fatal_errno(path, "use it as a directory");
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            fatal(path, "is not empty; name a new directory");
    }
    closedir(directory);
}

/* Writes one file, and makes the directories on its way. */
static void write_file(const char *root, const struct embedded_file *file)
{
    const char *name = file->name + strlen(PREFIX);
    char *path = text_format("%s/%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        make_directory(path);
        *slash = '/';
    }
    file_save(path, file->data, file->size);
    report_detail("%s", path);
    free(path);
}

static int run(int argc, char **argv)
{
    struct strings operands = options_parse(&command_new, NULL, argc, argv);
    if (operands.count != 1)
        fatal_usage("give the one directory to make");
    const char *root = operands.items[0];
    make_directory(root);
    check_empty(root);
    for (const struct embedded_file *file = embedded_files; file->name; file++) {
        if (strncmp(file->name, PREFIX, strlen(PREFIX)) == 0)
            write_file(root, file);
    }
    report_note("made %s; now: cd %s && make run", root, root);
    return 0;
}

const struct command command_new = {
    .name = "new",
    .summary = "Make a kernel to start from",
    .synopsis = "DIR",
    .help =
        "Makes the directory DIR with the sources of a small kernel on the Corrode boot loader, and a Makefile that\n"
        "builds it with any C compiler for x86-64. DIR must not exist, or be empty.\n",
    .after = "Example:\n"
             "  corrode new mykernel && make -C mykernel run\n",
    .options = options,
    .run = run,
};
