/* Cleaning up at exit and on signals: see cleanup.h. The signal handler calls only async-signal-safe functions. */
#include "cleanup.h"

#include "lib/types.h"
#include "report.h"
#include "text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MAX_PATHS 16 /* a few a subcommand */

static char *paths[MAX_PATHS];
static volatile pid_t child;
static struct termios terminal;
static int terminal_file;
static volatile bool terminal_saved, flags_saved;
static int flags[2]; /* of standard input and output */
static char *directory;

static void clean_up(void)
{
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        child = 0;
    }
    cleanup_terminal_restore();
    for (int i = MAX_PATHS - 1; i >= 0; i--) {
        if (paths[i] && unlink(paths[i]) < 0)
            rmdir(paths[i]);
        paths[i] = NULL;
    }
}

void cleanup_die(int number)
{
    clean_up();
    signal(number, SIG_DFL);
    raise(number);
}

void cleanup_install(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    struct sigaction action = {.sa_handler = cleanup_die};
    sigfillset(&action.sa_mask);
    for (unsigned i = 0; i < ARRAY_LENGTH(numbers); i++) {
        struct sigaction old;
        sigaction(numbers[i], NULL, &old);
        if (old.sa_handler != SIG_IGN) /* nohup means it */
            sigaction(numbers[i], &action, NULL);
    }
    signal(SIGXFSZ, SIG_IGN); /* a file limit is then an error of write(), with a message */
    atexit(clean_up);
}

void cleanup_add(const char *path)
{
    for (int i = 0; i < MAX_PATHS; i++) {
        if (!paths[i]) {
            paths[i] = text_copy(path);
            return;
        }
    }
    fatal(path, "too many temporary files; please report this as a bug");
}

void cleanup_forget(const char *path)
{
    for (int i = 0; i < MAX_PATHS; i++) {
        if (paths[i] && strcmp(paths[i], path) == 0)
            paths[i] = NULL;
    }
}

const char *cleanup_directory(void)
{
    if (directory)
        return directory;
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent)
        parent = "/tmp";
    char *real = realpath(parent, NULL); /* absolute: to QEMU, what precedes a colon would else be a protocol */
    char *template = text_format("%s/corrode-XXXXXX", real ? real : parent);
    free(real);
    if (!mkdtemp(template))
        fatal_errno(template, "make a temporary directory (set TMPDIR to choose where)");
    cleanup_add(template);
    return directory = template;
}

char *cleanup_path(const char *name)
{
    char *path = text_format("%s/%s", cleanup_directory(), name);
    cleanup_forget(path); /* a second use of a name is one file still */
    cleanup_add(path);
    return path;
}

void cleanup_child(pid_t pid)
{
    child = pid;
}

void cleanup_terminal_save(int file)
{
    terminal_file = file;
    terminal_saved = tcgetattr(file, &terminal) == 0;
    flags[0] = fcntl(STDIN_FILENO, F_GETFL);
    flags[1] = fcntl(STDOUT_FILENO, F_GETFL);
    flags_saved = true;
}

void cleanup_terminal_restore(void)
{
    if (flags_saved) { /* QEMU makes them non-blocking, for everyone who shares them */
        flags_saved = false;
        fcntl(STDIN_FILENO, F_SETFL, flags[0]);
        fcntl(STDOUT_FILENO, F_SETFL, flags[1]);
    }
    if (terminal_saved) {
        terminal_saved = false;
        struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
        sigaction(SIGTTOU, &ignore, &old); /* or a background job would be stopped here */
        tcsetattr(terminal_file, TCSANOW, &terminal);
        sigaction(SIGTTOU, &old, NULL);
    }
}
