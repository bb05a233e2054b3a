/* Messages on stderr: see report.h. */
#include "report.h"

#include "progress.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int report_status = EXIT_FAILURE;
bool report_quiet;
bool report_verbose;
const char *report_subcommand;

static void say(const char *file, const char *format, va_list arguments)
{
    progress_end(); /* a message gets a line of its own */
    fflush(stdout); /* keep the order on a terminal */
    fputs("corrode: ", stderr);
    if (file)
        fprintf(stderr, "%s: ", file);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

#define SAY(file, format)                                                                                              \
    do {                                                                                                               \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        say(file, format, arguments);                                                                                  \
        va_end(arguments);                                                                                             \
    } while (0)

void report_error(const char *file, const char *format, ...)
{
    SAY(file, format);
}

void fatal(const char *file, const char *format, ...)
{
    SAY(file, format);
    exit(report_status);
}

void report_note(const char *format, ...)
{
    if (!report_quiet)
        SAY(NULL, format);
}

void report_detail(const char *format, ...)
{
    if (report_verbose)
        SAY(NULL, format);
}

void fatal_usage(const char *format, ...)
{
    SAY(NULL, format);
    fprintf(stderr, "corrode: `corrode %s%s--help` shows how it is used\n", report_subcommand ? report_subcommand : "",
        report_subcommand ? " " : "");
    exit(EXIT_USAGE);
}

static const char *advice(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: return "; check the path";
    case EACCES:
    case EPERM: return "; check its permissions";
    case ENOSPC:
    case EDQUOT: return "; free some space or choose another place";
    case EFBIG: return "; the file system or a limit (ulimit -f) allows no larger file";
    case EROFS: return "; choose another place";
    case EISDIR: return "; give a file";
    case EBUSY: return "; something else is using it";
    case ENOMEDIUM: return "; insert a medium";
    default: return "";
    }
}

void report_errno(const char *file, const char *doing)
{
    int error = errno;
    report_error(file, "cannot %s: %s%s", doing, strerror(error), advice(error));
}

void fatal_errno(const char *file, const char *doing)
{
    report_errno(file, doing);
    exit(report_status);
}
