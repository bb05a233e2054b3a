/*
 * Interpreters that need more than libraries: the standard modules of python3, perl, lua and node are in packages of
 * their own, whose files are gathered by asking dpkg. Documentation stays here.
 *
 * On machines without dpkg, and for interpreters that no package owns, there is nothing to ask: --add adds what is
 * missing.
 */
#include "gather_internal.h"
#include "process.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE 30.0 /* seconds for dpkg */

/* What the interpreter's real name begins with, and the packages, of which % is what follows that, such as "3.11". */
static const struct interpreter {
    const char *name;
    const char *packages[6];
} interpreters[] = {
    {"python", {"python%-minimal", "libpython%-minimal", "libpython%-stdlib"}},
    {"perl", {"perl-base", "perl", "perl-modules-5.*", "libperl5.*"}},
    {"lua", {"lua%", "liblua%-0"}},
    {"node", {"nodejs", "libnode*", "node-undici", "node-acorn", "node-cjs-module-lexer", "node-busboy"}},
};

static const struct interpreter *find_interpreter(const char *name)
{
    for (unsigned i = 0; i < sizeof interpreters / sizeof *interpreters; i++)
        if (strncmp(name, interpreters[i].name, strlen(interpreters[i].name)) == 0)
            return &interpreters[i];
    return NULL;
}

/* What `dpkg-query` prints; NULL: it is not there. Some patterns may match nothing, which is no error. */
static char *ask_dpkg(const struct strings *command)
{
    char *text = NULL;
    if (access("/usr/bin/dpkg-query", X_OK) < 0)
        return NULL;
    (void)process_run(command, "dpkg", PATIENCE, &text);
    return text;
}

static void add_pattern(struct strings *command, const char *pattern, const char *version)
{
    const char *percent = strchr(pattern, '%');
    if (percent)
        strings_add(command, "%.*s%s%s", (int)(percent - pattern), pattern, version, percent + 1);
    else
        strings_add(command, "%s", pattern);
}

/* The packages that are installed, as a command that lists their files. */
static struct strings list_command(const struct interpreter *interpreter, const char *version)
{
    struct strings query = {0}, list = {0};
    strings_add(&query, "dpkg-query");
    strings_add(&query, "-W");
    strings_add(&query, "-f=${db:Status-Abbrev} ${binary:Package}\\n");
    for (unsigned i = 0; i < 6 && interpreter->packages[i]; i++)
        add_pattern(&query, interpreter->packages[i], version);
    char *text = ask_dpkg(&query), *rest = text;
    strings_add(&list, "dpkg-query");
    strings_add(&list, "-L");
    for (char *line; (line = strsep(&rest, "\n"));)
        if (strncmp(line, "ii  ", 4) == 0)
            strings_add(&list, "%s", line + 4);
    free(text);
    return list;
}

static bool is_wanted(const char *path)
{
    static const char *const unwanted[] = {"/usr/share/doc", "/usr/share/man", "/usr/share/lintian",
        "/usr/share/binfmts", "/usr/include", "/usr/share/applications", "/usr/share/pixmaps"};
    struct stat status;
    for (unsigned i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        if (strncmp(path, unwanted[i], strlen(unwanted[i])) == 0)
            return false;
    return path[0] == '/' && lstat(path, &status) == 0 && (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode)) &&
           access(path, R_OK) == 0;
}

void gather_packages(struct gathering *gathering, const char *program)
{
    const char *name = text_basename(program);
    const struct interpreter *interpreter = find_interpreter(name);
    if (!interpreter)
        return;
    struct strings command = list_command(interpreter, name + strlen(interpreter->name));
    char *text = command.count > 2 ? ask_dpkg(&command) : NULL, *rest = text;
    if (!text)
        report_note("%s: no package of this machine says what belongs to it; add modules with --add", program);
    for (char *line; rest && (line = strsep(&rest, "\n"));)
        if (is_wanted(line))
            gather_with_needs(gathering, line);
    free(text);
}
