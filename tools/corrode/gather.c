/* Programs and what they need: see gather.h. */
#include "elf_needs.h"
#include "file.h"
#include "gather_internal.h"
#include "image.h"
#include "library_cache.h"
#include "report.h"
#include "text.h"

#include <elf.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRIPTS_MAX 5 /* interpreters of interpreters */

/* ------------------------------------------------------------------------------------------------------------------
 * Files
 */

static void add_link(struct tree_node *root, const char *path, const struct stat *status)
{
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0)
        fatal_errno(path, "read");
    target[length] = '\0';
    struct tree_node *node = tree_make(root, path, status->st_mode);
    node->time = root->time;
    node->size = (uint64_t)length;
    node->data = text_copy(target);
}

static void add_plain(struct tree_node *root, const char *path, const char *source, const struct stat *status)
{
    struct tree_node *node = tree_make(root, path, status->st_mode & (S_IFMT | 07777));
    if (!node)
        fatal_errno(path, "add");
    node->time = root->time;
    node->size = (uint64_t)status->st_size;
    node->source = text_copy(source);
    if (access(source, R_OK) < 0)
        fatal_errno(source, "open");
}

static char *directory_of(const char *path)
{
    char *copy = text_copy(path), *directory = text_copy(dirname(copy));
    free(copy);
    return directory;
}

/*
 * PATH, absolute, with the symbolic links on the way to it and what they lead to. Its directories are made, as they are
 * here.
 */
static void add_path(struct tree_node *root, const char *path, unsigned depth)
{
    struct stat status;
    if (strcmp(path, "/") == 0)
        return;
    if (depth > 40)
        fatal(path, "symbolic links lead on and on; is there a loop?");
    char *parent = directory_of(path);
    add_path(root, parent, depth + 1);
    free(parent);
    if (lstat(path, &status) < 0)
        fatal_errno(path, "open");
    struct tree_node *there = tree_find(root, path);
    if (S_ISLNK(status.st_mode)) {
        char target[PATH_MAX];
        if (!there)
            add_link(root, path, &status);
        if (realpath(path, target))
            add_path(root, target, depth + 1);
    } else if (there) {
        return;
    } else if (S_ISDIR(status.st_mode)) {
        struct tree_node *node = tree_make(root, path, S_IFDIR | (status.st_mode & 07777));
        node->time = root->time;
    } else if (S_ISREG(status.st_mode)) {
        add_plain(root, path, path, &status);
    }
}

/* As it is written, but for a path that goes up again. */
static char *absolute(const char *path)
{
    char real[PATH_MAX];
    if (path[0] == '/' && !strstr(path, "/../"))
        return text_copy(path);
    char *directory = directory_of(path);
    if (!realpath(directory, real))
        fatal_errno(directory, "open");
    free(directory);
    return text_format("%s/%s", strcmp(real, "/") == 0 ? "" : real, text_basename(path));
}

void gather_file(struct tree_node *root, const char *host, const char *guest)
{
    struct stat status;
    char real[PATH_MAX];
    if (stat(host, &status) < 0 || !realpath(host, real))
        fatal_errno(host, "open");
    if (S_ISDIR(status.st_mode)) {
        if (!guest)
            add_path(root, real, 0);
        tree_add_directory(root, guest ? guest : real, real, root->time);
    } else if (guest) {
        add_plain(root, guest, real, &status);
    } else {
        char *path = absolute(host);
        add_path(root, path, 0);
        free(path);
    }
}

struct tree_node *gather_root(void)
{
    static const struct {
        const char *path;
        uint32_t mode;
    } usual[] = {{"/dev", 0755}, {"/proc", 0555}, {"/sys", 0555}, {"/tmp", 01777}, {"/run", 0755}, {"/root", 0700}};
    struct tree_node *root = tree_new();
    root->time = (uint32_t)image_time();
    for (unsigned i = 0; i < sizeof usual / sizeof *usual; i++)
        tree_make(root, usual[i].path, S_IFDIR | usual[i].mode)->time = root->time;
    return root;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Libraries
 */

/* The directory with $ORIGIN put in. */
static char *expand(const char *directory, size_t length, const char *origin)
{
    char *text = text_format("%.*s", (int)length, directory), *rest = text, *result = text_copy("");
    for (char *dollar; (dollar = strchr(rest, '$'));) {
        bool braces = strncmp(dollar, "${ORIGIN}", 9) == 0;
        char *before = result;
        bool is_origin = braces || strncmp(dollar, "$ORIGIN", 7) == 0;
        result = text_format("%s%.*s%s", before, (int)(dollar - rest), rest, is_origin ? origin : "$");
        rest = dollar + (braces ? 9 : is_origin ? 7 : 1);
        free(before);
    }
    char *whole = text_format("%s%s", result, rest);
    free(result);
    free(text);
    return whole;
}

static bool is_library(const char *path)
{
    struct elf_needs needs;
    return access(path, R_OK) == 0 && elf_needs_read(path, &needs);
}

/* NAME in one of the directories of LIST, which are separated by colons. */
static char *find_in(const char *list, const char *name, const char *origin)
{
    while (list && *list) {
        size_t length = strcspn(list, ":");
        char *directory = expand(list, length, origin), *path = text_format("%s/%s", directory, name);
        free(directory);
        if (is_library(path))
            return path;
        free(path);
        list += length + (list[length] == ':');
    }
    return NULL;
}

#define GLIBC_DIRECTORIES                                                                                              \
    "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib64:/usr/lib64:/lib:/usr/lib:/usr/local/lib"
#define MUSL_DIRECTORIES "/lib:/usr/local/lib:/usr/lib:/usr/lib/x86_64-linux-musl:/lib/x86_64-linux-musl"

/* As the dynamic loader looks for it. */
static char *find_library(const char *name, const struct elf_needs *needs, const char *origin, bool musl)
{
    char *path = NULL;
    if (strchr(name, '/'))
        return text_copy(name);
    if (!needs->runpath)
        path = find_in(needs->rpath, name, origin);
    path = path ? path : find_in(getenv("LD_LIBRARY_PATH"), name, origin);
    path = path ? path : find_in(needs->runpath, name, origin);
    path = path || musl ? path : library_cache_find(name);
    return path ? path : find_in(musl ? MUSL_DIRECTORIES : GLIBC_DIRECTORIES, name, origin);
}

static bool is_done(struct gathering *gathering, const char *real)
{
    for (size_t i = 0; i < gathering->done.count; i++)
        if (strcmp(gathering->done.items[i], real) == 0)
            return true;
    strings_add(&gathering->done, "%s", real);
    return false;
}

/* PATH is an ELF file: what it needs, and what that needs. */
static void add_needs(struct gathering *gathering, const char *path, const struct elf_needs *needs)
{
    char real[PATH_MAX];
    if (!realpath(path, real))
        fatal_errno(path, "open");
    if (is_done(gathering, real))
        return;
    char *origin = directory_of(real);
    for (size_t i = 0; i < needs->libraries.count; i++) {
        const char *name = needs->libraries.items[i];
        char *library = find_library(name, needs, origin, gathering->musl);
        if (!library && gathering->musl && strncmp(name, "libc.", 5) == 0)
            continue;
        if (!library)
            fatal(path,
                "needs the library %s, which is nowhere on this machine; install it, or name its directory in "
                "LD_LIBRARY_PATH",
                name);
        gather_with_needs(gathering, library);
        free(library);
    }
    free(origin);
}

void gather_with_needs(struct gathering *gathering, const char *path)
{
    struct elf_needs needs;
    struct stat status;
    gather_file(gathering->root, path, NULL);
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 && elf_needs_read(path, &needs))
        add_needs(gathering, path, &needs);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Programs
 */

/* What a script's first line names: its interpreter, and the program that this runs if it is env. NULL: neither. */
struct script {
    char *interpreter, *second;
};

static char *word_at(const char *text)
{
    return text_format("%.*s", (int)strcspn(text, " \t\n"), text);
}

static struct script script_read(const char *path)
{
    char line[256] = "";
    struct script script = {0};
    FILE *file = fopen(path, "r");
    if (!file)
        fatal_errno(path, "open");
    if (fgets(line, sizeof line, file) && line[0] == '#' && line[1] == '!') {
        const char *env = strstr(line, "/env ");
        script.interpreter = word_at(line + 2 + strspn(line + 2, " \t"));
        for (env = env ? env + 5 : NULL; env && (*env == ' ' || *env == '-');) /* options of env */
            env += *env == '-' ? strcspn(env, " ") : 1;
        script.second = env ? word_at(env) : NULL;
    }
    fclose(file);
    return script;
}

static bool can_run(const char *path)
{
    struct stat status;
    return access(path, X_OK) == 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* The first WORD in a directory of LIST that is FIT; NULL: none. */
static char *look_in(const char *list, const char *word, bool (*fit)(const char *path))
{
    while (*list) {
        size_t length = strcspn(list, ":");
        char *path = text_format("%.*s/%s", (int)length, list, word);
        if (fit(path))
            return path;
        free(path);
        list += length + (list[length] == ':');
    }
    return NULL;
}

/* NULL: it is nowhere. A word without a slash that is a file here, and nowhere else, is that file. */
static char *look_for_program(const char *word)
{
    const char *list = getenv("PATH");
    if (strchr(word, '/'))
        return access(word, F_OK) == 0 ? text_copy(word) : NULL;
    char *path = look_in(list ? list : "/usr/local/bin:/usr/bin:/bin", word, can_run);
    return path || !can_run(word) ? path : text_copy(word);
}

static char *find_program(const char *word)
{
    char *path = look_for_program(word);
    if (!path && strchr(word, '/'))
        fatal_errno(word, "open");
    if (!path)
        fatal(word, "is in none of the directories of PATH; install it, or give its path");
    return path;
}

bool gather_is_program(const char *word)
{
    struct elf_needs needs;
    struct stat status;
    bool here = stat(word, &status) == 0;
    char *path = here ? text_copy(word) : look_for_program(word);
    if (!path || (stat(path, &status) == 0 && (!S_ISREG(status.st_mode) || status.st_size < 2)))
        return false;
    struct script script = script_read(path);
    bool is_program = script.interpreter || (elf_needs_read(path, &needs) && !needs.is_kernel);
    free(script.interpreter);
    free(script.second);
    free(path);
    return is_program;
}

static void add_program(struct gathering *gathering, const char *path, unsigned depth);

/* What the first line of PATH, a script, names. What env is to find, it looks for in the machine. */
static void add_interpreters(struct gathering *gathering, const char *path, const struct script *script, unsigned depth)
{
    if (strchr(script->interpreter, '\r') || (script->second && strchr(script->second, '\r')))
        fatal(path, "its lines end in CR and LF, so no interpreter has the name that the first one gives; `sed -i "
                    "'s/\\r$//'` takes the CRs away");
    if (access(script->interpreter, F_OK) < 0)
        fatal(path, "its interpreter %s is not on this machine; install it, or change the script's first line",
            script->interpreter);
    add_program(gathering, script->interpreter, depth);
    if (!script->second)
        return;
    char *found = strchr(script->second, '/') ? NULL : look_in(GATHER_PATH, script->second, can_run);
    found = found ? found : look_for_program(script->second);
    if (!found)
        fatal(path,
            "its interpreter %s is in none of the directories of PATH; install it, or change the script's "
            "first line",
            script->second);
    add_program(gathering, found, depth);
    free(found);
}

static _Noreturn void refuse_file(const char *path)
{
    struct file file = file_load(path);
    if (file.size >= SELFMAG && memcmp(file.data, ELFMAG, SELFMAG) == 0)
        elf_check_machine(&file);
    if (file.size == 0)
        fatal(path, "is empty; give a program");
    fatal(path,
        "is neither a program for x86-64 (an ELF file) nor a script that names its interpreter (#!); give one of "
        "these");
}

/* PATH is an ELF file that is there: what it needs to run. */
static void add_binary(struct gathering *gathering, const char *path, const struct elf_needs *needs)
{
    char real[PATH_MAX];
    gathering->musl = needs->interpreter && strstr(needs->interpreter, "ld-musl");
    if (needs->interpreter && access(needs->interpreter, F_OK) < 0)
        fatal(path, "its dynamic loader %s is not on this machine; install the C library that it is linked with",
            needs->interpreter);
    if (needs->interpreter)
        gather_file(gathering->root, needs->interpreter, NULL);
    add_needs(gathering, path, needs);
    if (realpath(path, real))
        gather_packages(gathering, real);
}

static void add_program(struct gathering *gathering, const char *path, unsigned depth)
{
    struct elf_needs needs;
    if (depth > SCRIPTS_MAX)
        fatal(path, "is a script for a script for a script; the last one cannot be run");
    gather_file(gathering->root, path, NULL);
    if (elf_needs_read(path, &needs)) {
        add_binary(gathering, path, &needs);
        return;
    }
    struct script script = script_read(path);
    if (!script.interpreter)
        refuse_file(path);
    add_interpreters(gathering, path, &script, depth + 1);
    free(script.second);
    free(script.interpreter);
}

char *gather_program(struct tree_node *root, const char *word)
{
    struct gathering gathering = {.root = root};
    char *path = find_program(word);
    struct stat status;
    if (stat(path, &status) < 0)
        fatal_errno(path, "open");
    if (!S_ISREG(status.st_mode))
        fatal(path, "is not a regular file; give a program");
    if (access(path, X_OK) < 0)
        fatal(path, "cannot run: %s; if it is a program, `chmod +x` makes it executable", strerror(errno));
    add_program(&gathering, path, 0);
    char *result = absolute(path);
    free(path);
    return result;
}

void gather_addition(struct tree_node *root, const char *host, const char *guest)
{
    struct gathering gathering = {.root = root};
    struct elf_needs needs;
    struct stat status;
    gather_file(root, host, guest);
    if (stat(host, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 && elf_needs_read(host, &needs))
        add_binary(&gathering, host, &needs);
}

static bool is_binary(const char *path)
{
    struct elf_needs needs;
    return can_run(path) && access(path, R_OK) == 0 && elf_needs_read(path, &needs);
}

void gather_advise(const char *word)
{
    char *path = find_program(word), *other = NULL;
    struct script script = script_read(path);
    if (script.interpreter && !strchr(word, '/'))
        other = look_in(GATHER_PATH, word, is_binary);
    if (script.interpreter)
        report_note(
            "%s is a script that did not find what it runs, for of that only its interpreter is in the machine; "
            "give the rest with --add%s%s",
            path, other ? ", or run " : "", other ? other : "");
    free(script.interpreter);
    free(script.second);
    free(other);
    free(path);
}
