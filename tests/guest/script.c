/*
 * Scripts: the `#!` line, what its interpreter gets, how deep scripts may be nested, and how long the line may be. The
 * interpreter is this program again, which prints its arguments when it is called by its other name.
 */
#include "tests/guest/guest.h"

#include "tests/guest/elf.h"

#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#define SHOW "./show"

/* "[argv0][argv1]...", and the path that the kernel tells. */
static int show(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        printf("[%s]", argv[i]);
    printf("<%s>", (const char *)getauxval(AT_EXECFN));
    return 42;
}

static char output[4096];

/* Runs it and keeps what it prints: its status, or the error. */
static int run_for_output(const char *path, char *const argv[])
{
    int fds[2], saved = dup(1);
    fflush(stdout);
    if (pipe(fds) < 0)
        return -1000;
    dup2(fds[1], 1);
    close(fds[1]);
    int status = run(path, argv, argv + 4);
    dup2(saved, 1);
    close(saved);
    ssize_t got = read(fds[0], output, sizeof output - 1);
    close(fds[0]);
    output[got > 0 ? got : 0] = '\0';
    return status;
}

/* Both what it says and how it ends. */
static bool gives(const char *text, const char *wanted)
{
    static char *argv[] = {"zero", "one", "two", NULL, NULL};
    if (!file_write("script", text, strlen(text), 0755) || run_for_output("./script", argv) != ENDED(42))
        return false;
    if (strcmp(output, wanted) == 0)
        return true;
    printf("# %s\n", output);
    return false;
}

static int error_of(const void *text, size_t size)
{
    static char *argv[] = {"zero", "one", "two", NULL, NULL};
    return file_write("script", text, size, 0755) ? run_for_output("./script", argv) : -1000;
}

#define ERROR_OF(text) error_of(text, sizeof(text) - 1)

static void lines(void)
{
    CHECK(gives("#!" SHOW "\n", "[./show][./script][one][two]<./script>"));
    CHECK(gives("#! \t " SHOW "\nthe rest", "[./show][./script][one][two]<./script>"));
    CHECK(gives("#!" SHOW " an argument\n", "[./show][an argument][./script][one][two]<./script>"));
    CHECK(gives("#!" SHOW "\t  an\targument \t \n", "[./show][an\targument][./script][one][two]<./script>"));
    CHECK(gives("#!" SHOW " \t\n", "[./show][./script][one][two]<./script>"));
    CHECK(gives("#!" SHOW "", "[./show][./script][one][two]<./script>"));
    CHECK(gives("#!" SHOW " x", "[./show][x][./script][one][two]<./script>"));
    CHECK(gives("#!" SHOW " -x\r\n", "[./show][-x\r][./script][one][two]<./script>"));
    CHECK(ERROR_OF("#!\n") == -ENOEXEC);
    CHECK(ERROR_OF("#!  \t \n" SHOW "\n") == -ENOEXEC);
    CHECK(ERROR_OF("#") == -ENOEXEC);
    CHECK(ERROR_OF(" #!" SHOW "\n") == -ENOEXEC);
    CHECK(ERROR_OF("#!/no/such/interpreter\n") == -ENOENT);
    CHECK(ERROR_OF("#!" SHOW "\r\n") == -ENOENT);
    CHECK(ERROR_OF("#!/\n") == -EACCES);
    CHECK(ERROR_OF("#!./plain\n") == -EACCES);
    CHECK(ERROR_OF("#!./text\n") == -ENOEXEC);
    CHECK(ERROR_OF("#!" SHOW "\0 x\n") == ENDED(42) && strcmp(output, "[./show][./script][one][two]<./script>") == 0);

    char *nobody[] = {NULL, NULL, NULL, NULL, NULL};
    CHECK(file_write("script", "#!" SHOW "\n", 9, 0755));
    CHECK(run_for_output("./script", nobody) == ENDED(42) && strcmp(output, "[./show][./script]<./script>") == 0);
}

/* The line ends within the first 256 bytes, or what is cut off is of the argument. */
static void lengths(void)
{
    char line[600], argument[600];
    for (size_t length = 250; length < 262; length++) {
        char name[64];
        memset(line, 'x', sizeof line);
        memcpy(line, "#!" SHOW " ", 9);
        line[length] = '\n';
        snprintf(name, sizeof name, "an argument that ends at byte %zu", length);
        int status = error_of(line, sizeof line);
        size_t kept = length < 256 ? length - 9 : 255 - 9;
        memset(argument, 'x', sizeof argument);
        argument[kept] = '\0';
        char wanted[700];
        snprintf(wanted, sizeof wanted, "[./show][%s][./script][one][two]<./script>", argument);
        point(status == ENDED(42) && strcmp(output, wanted) == 0, name, __LINE__);

        memset(line, '/', sizeof line); /* of the interpreter's name */
        memcpy(line, "#!.", 3);
        memcpy(line + length - 4, "show\n", 5);
        status = error_of(line, sizeof line);
        snprintf(name, sizeof name, "an interpreter whose name ends at byte %zu", length);
        point(status == (length < 256 ? ENDED(42) : -ENOEXEC), name, __LINE__);
    }
    memset(line, ' ', sizeof line);
    memcpy(line, "#!", 2);
    CHECK(error_of(line, sizeof line) == -ENOEXEC);
    memcpy(line + 200, SHOW, 6);
    CHECK(error_of(line, sizeof line) == ENDED(42));
}

static void nested(void)
{
    static char *argv[] = {"zero", "one", NULL, NULL, NULL};
    char name[16], text[64], wanted[200] = "[./show]";
    const char *interpreter = SHOW;
    for (int depth = 1; depth <= 7; depth++) {
        snprintf(text, sizeof text, "#!%s %d\n", interpreter, depth);
        snprintf(name, sizeof name, "./nested%d", depth);
        file_write(name, text, strlen(text), 0755);
        snprintf(wanted + strlen(wanted), 32, "[%d][%s]", depth, name);
        int status = run_for_output(name, argv);
        char whole[300];
        snprintf(whole, sizeof whole, "%s[one]<%s>", wanted, name);
        snprintf(text, sizeof text, "%d scripts, one the interpreter of the other", depth);
        point(depth <= 5 ? status == ENDED(42) && strcmp(output, whole) == 0 : status == -ELOOP, text, __LINE__);
        interpreter = strcpy(malloc(sizeof name), name);
    }
    CHECK(file_write("self", "#!./self\n", 9, 0755) && run_for_output("./self", argv) == -ELOOP);
}

static void by_descriptor(void)
{
    static char *argv[] = {"zero", "one", NULL}, *none[] = {NULL};
    CHECK(file_write("script", "#!" SHOW "\n", 9, 0755));
    int closed = open("script", O_RDONLY | O_CLOEXEC);
    errno = 0;
    CHECK(syscall(SYS_execveat, closed, "", argv, none, AT_EMPTY_PATH) == -1 && errno == ENOENT);
    close(closed);
    int fds[2], status = 0, fd = fcntl(open("script", O_RDONLY), F_DUPFD, 9);
    if (pipe(fds) < 0)
        return;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(fds[1], 1);
        syscall(SYS_execveat, fd, "", argv, none, AT_EMPTY_PATH);
        _exit(1);
    }
    close(fds[1]);
    waitpid(child, &status, 0);
    ssize_t got = read(fds[0], output, sizeof output - 1);
    output[got > 0 ? got : 0] = '\0';
    CHECK(status == ENDED(42) && strcmp(output, "[./show][/dev/fd/9][one]</dev/fd/9>") == 0);
    close(fds[0]);
    close(fd);
}

int main(int argc, char **argv)
{
    if (strcmp(argv[0], SHOW) == 0 || strncmp(argv[0], ".//", 3) == 0)
        return show(argc, argv);
    CHECK(symlink(argv[0], "show") == 0);
    CHECK(file_write("plain", "#!" SHOW "\n", 9, 0644) && file_write("text", "text\n", 5, 0755));
    lines();
    lengths();
    nested();
    by_descriptor();
    return done();
}
