/*
 * Process 1: which program it is, and with which arguments it begins.
 *
 * Source: Linux Documentation/admin-guide/init.rst.
 */
#include "lib/cmdline.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log.h"
#include "panic.h"
#include "proc/proc.h"
#include "tty/console_tty.h"

#define LOG_NAME "init"
#define ARGUMENTS_MAX 64

static char term[32];
static const char *const environment[] = {"HOME=/", term, "PATH=/sbin:/usr/sbin:/bin:/usr/bin", NULL};
static const char *const usual[] = {"/init", "/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};

/*
 * The next word at *TEXT, without its quotes, written over what it was read from; NULL: there is none. Between double
 * quotes blanks are kept, and a backslash makes what follows ordinary, or \n the end of a line.
 */
static const char *next_word(char **text)
{
    char *at = *text, *out;
    while (*at == ' ')
        at++;
    const char *word = out = at;
    if (*at == '\0')
        return NULL;
    for (bool quoted = false; *at && (quoted || *at != ' '); at++) {
        if (*at == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && *at == '\\' && at[1]) {
            at++;
            *out++ = *at == 'n' ? '\n' : *at;
        } else {
            *out++ = *at;
        }
    }
    *text = *at ? at + 1 : at;
    *out = '\0';
    return word;
}

/* Takes TEXT apart; what is more than MOST words is dropped. */
static void split(char *text, const char **words, unsigned most)
{
    const char *word = NULL;
    unsigned count = 0;
    while (count < most && (word = next_word(&text)) != NULL)
        words[count++] = word;
    words[count] = NULL;
    if (word != NULL && next_word(&text) != NULL)
        log_warning("process 1 gets %u arguments, and not those after them", most);
}

/* ENOENT may also mean the interpreter that a program or script names. */
static bool is_there(const char *name)
{
    struct walk walk;
    struct path path;
    fs_root_walk(&walk);
    bool there = path_walk(&walk, name, &path) == 0;
    if (there)
        path_put(&path);
    return there;
}

static struct process *try_start(const char *path, const char **argv, int *error)
{
    const struct program_arguments arguments = {.argv = argv, .environment = environment};
    argv[0] = path;
    struct process *process = process_start(path, &arguments, error);
    if (process == NULL && *error == -ENOENT && is_there(path))
        log_warning("%s cannot be run: the interpreter that it names is not there", path);
    else if (process == NULL && *error != -ENOENT)
        log_warning("%s cannot be run: error %d", path, -*error);
    return process;
}

int process_run_init(void)
{
    static char path[256], rest[CMDLINE_MAX];
    static const char *argv[ARGUMENTS_MAX + 2];
    struct process *process = NULL;
    int error = -ENOENT;
    char kind[sizeof term - 5];
    int length = cmdline_get("TERM", kind, sizeof kind);
    snprintf(term, sizeof term, "TERM=%s", length > 0 && length < (int)sizeof kind ? kind : console_term());
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
        panic("there is no program to run: none of /init, /sbin/init, /etc/init, /bin/init and /bin/sh in the "
              "initramfs; init= names another");
    return process_wait(process);
}
