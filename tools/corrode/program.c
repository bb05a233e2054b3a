/* From a program and its options to a tree of files: see program.h. */
#include "program.h"

#include "embedded.h"
#include "gather.h"
#include "report.h"
#include "tools/session/session.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCALE "/usr/lib/locale/C.utf8"

bool program_has_options(const struct program_options *options)
{
    return options->files.count || options->environment.count || options->directory;
}

static void add_files(struct tree_node *root, const struct strings *files)
{
    for (size_t i = 0; i < files->count; i++) {
        char *host = text_copy(files->items[i]), *colon = strchr(host, ':');
        if (colon)
            *colon++ = '\0';
        gather_addition(root, host, colon);
        free(host);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Environment
 */

/* NAME=VALUE, in place of what NAME had. */
static void set_variable(struct strings *environment, const char *text)
{
    size_t length = strcspn(text, "=") + 1;
    for (size_t i = 0; i < environment->count; i++) {
        if (strncmp(environment->items[i], text, length) == 0) {
            free(environment->items[i]);
            environment->items[i] = text_copy(text);
            return;
        }
    }
    strings_add(environment, "%s", text);
}

static void set_ours(struct strings *environment, const char *name)
{
    const char *value = getenv(name);
    if (!value)
        return;
    char *text = text_format("%s=%s", name, value);
    set_variable(environment, text);
    free(text);
}

static struct strings make_environment(const struct program_options *options, const struct streams *streams)
{
    struct strings environment = {0};
    strings_add(&environment, "HOME=/root");
    if (access(LOCALE, R_OK) == 0)
        strings_add(&environment, "LANG=C.UTF-8");
    strings_add(&environment, "PATH=" GATHER_PATH);
    if (streams && streams->used[PORT_TERMINAL]) /* else the session knows */
        set_ours(&environment, "TERM");
    for (size_t i = 0; i < options->environment.count; i++) {
        const char *text = options->environment.items[i];
        if (*text == '=' || !*text)
            fatal_usage("--env %s: a variable has a name; say NAME=VALUE, or NAME", text);
        if (strchr(text, '='))
            set_variable(&environment, text);
        else
            set_ours(&environment, text);
    }
    return environment;
}

/* glibc has the locale C.UTF-8 in files. */
static void add_locale(struct tree_node *root, const struct strings *environment)
{
    for (size_t i = 0; i < environment->count; i++) {
        if (strcmp(environment->items[i], "LANG=C.UTF-8") == 0 && access(LOCALE, R_OK) == 0)
            gather_file(root, LOCALE, NULL);
    }
}

/* What programs ask terminfo(5) about a kind of terminal, from where it is here. */
static void add_terminfo(struct tree_node *root, const char *term)
{
    static const char *const folders[] = {"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"};
    if (!term || !*term || strchr(term, '/'))
        return;
    for (unsigned i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = text_format("%s/%c/%s", folders[i], *term, term);
        bool found = access(path, R_OK) == 0;
        if (found)
            gather_file(root, path, NULL);
        free(path);
        if (found)
            return;
    }
}

static void add_terminal(struct tree_node *root, const struct strings *environment, const struct streams *streams)
{
    for (size_t i = 0; i < environment->count; i++) {
        if (strncmp(environment->items[i], "TERM=", 5) == 0)
            add_terminfo(root, environment->items[i] + 5);
    }
    if (!streams) { /* what the console may be */
        add_terminfo(root, "linux");
        add_terminfo(root, "vt102");
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The session
 */

static char *choose_directory(struct tree_node *root, const char *wanted)
{
    char here[PATH_MAX];
    if (wanted && *wanted != '/')
        fatal_usage("--cwd %s: a directory of the machine begins with a slash", wanted);
    if (wanted && !tree_find(root, wanted)) {
        struct tree_node *made = tree_make(root, wanted, S_IFDIR | 0755);
        if (!made)
            fatal_errno(wanted, "make");
        made->time = root->time;
    }
    if (wanted)
        return text_copy(wanted);
    const struct tree_node *node = getcwd(here, sizeof here) ? tree_find(root, here) : NULL;
    return text_copy(node && S_ISDIR(node->mode) ? here : "/");
}

static void add_records(struct strings *records, char kind, const struct strings *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        strings_add(records, "%c%s", kind, texts->items[i]);
}

static void put_file(struct tree_node *root, const char *path, uint32_t mode, const void *data, size_t size)
{
    struct tree_node *node = tree_make(root, path, S_IFREG | mode);
    if (!node)
        fatal_errno(path, "add");
    node->time = root->time;
    node->data = data;
    node->size = size;
}

/* Who root is, for programs that ask. */
static void put_users(struct tree_node *root)
{
    static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n", group[] = "root:x:0:\n";
    if (!tree_find(root, "/etc/passwd"))
        put_file(root, "/etc/passwd", 0644, passwd, sizeof passwd - 1);
    if (!tree_find(root, "/etc/group"))
        put_file(root, "/etc/group", 0644, group, sizeof group - 1);
}

static void put_session(struct tree_node *root, const struct strings *records)
{
    const struct embedded_file *session = embedded_find("session");
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; out && i < records->count; i++)
        fwrite(records->items[i], 1, strlen(records->items[i]) + 1, out);
    if (!out || fclose(out) != 0)
        fatal_errno(NULL, "get memory");
    tree_make(root, SESSION_FOLDER, S_IFDIR | 0700)->time = root->time;
    put_file(root, SESSION_PROGRAM_FILE, 0700, session->data, session->size);
    put_file(root, SESSION_FILE, 0600, text, size);
}

struct tree_node *program_root(
    const struct strings *command, const struct program_options *options, const struct streams *streams)
{
    struct strings records = {0};
    struct tree_node *root = gather_root();
    char *program = gather_program(root, command->items[0]);
    add_files(root, &options->files);
    struct strings environment = make_environment(options, streams);
    add_locale(root, &environment);
    add_terminal(root, &environment, streams);
    strings_add(&records, "%c%s", SESSION_PROGRAM, program);
    char *directory = choose_directory(root, options->directory);
    strings_add(&records, "%c%s", SESSION_DIRECTORY, directory);
    add_records(&records, SESSION_ARGUMENT, command);
    add_records(&records, SESSION_ENVIRONMENT, &environment);
    if (streams)
        streams_describe(streams, &records);
    else
        strings_add(&records, "%c/dev/console", SESSION_TERMINAL);
    put_users(root);
    put_session(root, &records);
    free(directory);
    free(program);
    return root;
}
