/*
 * Process 1: which program it is, and with which arguments it begins.
 *
 * Source: Linux Documentation/admin-guide/init.rst.
 */
#include "lib/cmdline.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log.h"
#include "panic.h"
#include "proc/proc.h"

#define LOG_NAME "init"
#define ARGUMENTS_MAX 32

static const char *const environment[] = {"HOME=/", "TERM=linux", "PATH=/sbin:/usr/sbin:/bin:/usr/bin", NULL};
static const char *const usual[] = {"/init", "/sbin/init", "/bin/init"};

/* Takes TEXT apart at its blanks. */
static void split(char *text, const char **words, unsigned most)
{
    unsigned words_count = 0;
    while (words_count < most) {
        while (*text == ' ')
            text++;
        if (*text == '\0')
            break;
        words[words_count++] = text;
        while (*text && *text != ' ')
            text++;
        if (*text)
            *text++ = '\0';
    }
    words[words_count] = NULL;
}

static struct process *try_start(const char *path, const char **argv, int *error)
{
    const struct program_arguments arguments = {.argv = argv, .environment = environment};
    argv[0] = path;
    struct process *process = process_start(path, &arguments, error);
    if (process == NULL && *error != -ENOENT)
        log_warning("%s cannot be run: error %d", path, -*error);
    return process;
}

int process_run_init(void)
{
    static char path[256], rest[CMDLINE_MAX];
    static const char *argv[ARGUMENTS_MAX + 2];
    struct process *process = NULL;
    int error = -ENOENT;
    strlcpy(rest, cmdline_rest(), sizeof rest);
    split(rest, argv + 1, ARGUMENTS_MAX);
    if (cmdline_get("init", path, sizeof path) > 0) {
        process = try_start(path, argv, &error);
        if (process == NULL)
            panic("init=%s cannot be run: error %d", path, -error);
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(usual) && !process; i++)
        process = try_start(usual[i], argv, &error);
    if (process == NULL)
        panic("there is no program to run: none of /init, /sbin/init, /bin/init in the initramfs; init= names another");
    return process_wait(process);
}
