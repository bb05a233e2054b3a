/*
 * execve and execveat: what a new program gets and what it does not keep, arguments up to their limits, interpreters,
 * and all that may be wrong. Scripts are in script.c, damaged files in elf.c.
 */
#include "tests/guest/guest.h"

#include "tests/guest/elf.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define STRING_MAX (128 * 1024) /* of one argument, with its NUL */

static char *self;
static char *const none[] = {NULL};

static int execute_at(int fd, const char *path, char *const argv[], int flags)
{
    return (int)syscall(SYS_execveat, fd, path, argv, none, flags);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What the new program sees: it is this one again, with a word that says what to look at
 */

static int count(char **list)
{
    int n = 0;
    while (list[n])
        n++;
    return n;
}

static bool handlers_are_gone(void)
{
    struct sigaction ignored, caught;
    sigaction(SIGUSR1, NULL, &ignored);
    sigaction(SIGUSR2, NULL, &caught);
    return ignored.sa_handler == SIG_IGN && caught.sa_handler == SIG_DFL && caught.sa_flags == 0;
}

static int role(int argc, char **argv)
{
    const char *word = argv[1];
    if (strcmp(word, "count") == 0)
        return argc == atoi(argv[2]) && count(environ) == atoi(argv[3]) ? 42 : 1;
    if (strcmp(word, "long") == 0)
        return argc == 3 && strlen(argv[2]) == STRING_MAX - 1 && argv[2][STRING_MAX - 2] == 'x' ? 42 : 1;
    if (strcmp(word, "signals") == 0)
        return handlers_are_gone() ? 42 : 1;
    if (strcmp(word, "descriptors") == 0)
        return fcntl(atoi(argv[2]), F_GETFD) == 0 && fcntl(atoi(argv[3]), F_GETFD) < 0 ? 42 : 1;
    if (strcmp(word, "name") == 0) {
        char name[16];
        return prctl(PR_GET_NAME, name) == 0 && strcmp(name, argv[2]) == 0 ? 42 : 1;
    }
    if (strcmp(word, "path") == 0)
        return strcmp((const char *)getauxval(AT_EXECFN), argv[2]) == 0 ? 42 : 1;
    return 2;
}

static void strings(void)
{
    char *one[] = {"any name", "count", "4", "2", NULL}, *two[] = {"A=b", "C", NULL};
    CHECK(run(self, one, two) == ENDED(42));
    char *empty[] = {"", "count", "5", "0", "", NULL};
    CHECK(run(self, empty, none) == ENDED(42));
    CHECK(run(self, empty, NULL) == ENDED(42));

    enum { MANY = 60000 };
    char **many = malloc((MANY + 1) * sizeof *many);
    for (int i = 0; i < MANY; i++)
        many[i] = i % 7 ? "short" : "a somewhat longer one";
    many[1] = "count";
    many[2] = "60000";
    many[3] = "0";
    many[MANY] = NULL;
    CHECK(run(self, many, none) == ENDED(42));

    char *longest = malloc(STRING_MAX + 1), *with[] = {self, "long", longest, NULL};
    memset(longest, 'x', STRING_MAX);
    longest[STRING_MAX - 1] = longest[STRING_MAX] = '\0';
    CHECK(run(self, with, none) == ENDED(42));
    longest[STRING_MAX - 1] = 'x';
    CHECK(run(self, with, none) == -E2BIG);
    CHECK(run(self, none, with) == -E2BIG);

    /* A quarter of what the stack may be, and 128 KiB at least. */
    longest[100000] = '\0';
    for (int i = 4; i < 20; i++)
        many[i] = longest;
    many[2] = "20";
    many[20] = NULL;
    CHECK(run(self, many, none) == ENDED(42));
    for (int i = 4; i < 26; i++)
        many[i] = longest;
    many[26] = NULL;
    CHECK(run(self, many, none) == -E2BIG);
    struct rlimit old, small = {200 * 1024, 0};
    getrlimit(RLIMIT_STACK, &old);
    small.rlim_max = old.rlim_max;
    many[2] = "5";
    many[5] = NULL;
    CHECK(setrlimit(RLIMIT_STACK, &small) == 0);
    CHECK(run(self, many, none) == ENDED(42));
    many[5] = longest;
    many[6] = NULL;
    CHECK(run(self, many, none) == -E2BIG);
    setrlimit(RLIMIT_STACK, &old);
    free(many);
    free(longest);
}

static void handler(int signal) {}

static void state(void)
{
    char word[16], other[16];
    signal(SIGUSR1, SIG_IGN);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGUSR2, &action, NULL);
    char *signals[] = {self, "signals", NULL};
    CHECK(run(self, signals, none) == ENDED(42));
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);

    int stays = open("/", O_RDONLY), goes = open("/", O_RDONLY | O_CLOEXEC);
    snprintf(word, sizeof word, "%d", stays);
    snprintf(other, sizeof other, "%d", goes);
    char *descriptors[] = {self, "descriptors", word, other, NULL};
    CHECK(run(self, descriptors, none) == ENDED(42));
    close(stays);
    close(goes);

    CHECK(link(self, "a-name-longer-than-fits") == 0 || symlink(self, "a-name-longer-than-fits") == 0);
    char *name[] = {"whatever", "name", "a-name-longer-t", NULL};
    CHECK(run("./a-name-longer-than-fits", name, none) == ENDED(42));
    char *path[] = {"whatever", "path", ".//a-name-longer-than-fits", NULL};
    CHECK(run(".//a-name-longer-than-fits", path, none) == ENDED(42));

    pid_t child = vfork();
    if (child == 0) {
        char *again[] = {self, "count", "4", "0", NULL};
        execve(self, again, none);
        _exit(1);
    }
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == ENDED(42));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Wrong
 */

static void errors(void)
{
    char *argv[] = {"x", NULL};
    FAILS(ENOENT, execve("nothing", argv, none));
    FAILS(ENOENT, execve("", argv, none));
    FAILS(EACCES, execve("/", argv, none));
    FAILS(EACCES, execve(".", argv, none));
    CHECK(file_write("text", "no program at all\n", 18, 0755));
    FAILS(ENOEXEC, execve("text", argv, none));
    FAILS(ENOTDIR, execve("text/x", argv, none));
    CHECK(file_write("empty", "", 0, 0755));
    FAILS(ENOEXEC, execve("empty", argv, none));
    CHECK(chmod("text", 0644) == 0);
    FAILS(EACCES, execve("text", argv, none));
    CHECK(symlink("loop", "loop") == 0);
    FAILS(ELOOP, execve("loop", argv, none));
    char name[5000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    FAILS(ENAMETOOLONG, execve(name, argv, none));
    name[300] = '\0';
    FAILS(ENAMETOOLONG, execve(name, argv, none));
    FAILS(EFAULT, execve(KERNEL, argv, none));
    FAILS(EFAULT, syscall(SYS_execve, NULL, argv, none));
    FAILS(EFAULT, execve(self, KERNEL, none));
    FAILS(EFAULT, execve(self, argv, KERNEL));
    FAILS(EFAULT, execve(self, (char *[]){KERNEL, NULL}, none));
    FAILS(EFAULT, execve(self, argv, (char *[]){(char *)8, NULL}));
    CHECK(mkfifo("fifo", 0777) == 0);
    FAILS(EACCES, execve("fifo", argv, none));

    /* A list, and a string, that end at the end of what is mapped. */
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    memset(pages, 'x', 4096);
    FAILS(EFAULT, execve(pages + 1, argv, none));
    FAILS(EFAULT, execve(self, (char *[]){pages, NULL}, none));
    char **list = (char **)(pages + 4096) - 2;
    list[0] = list[1] = "x";
    FAILS(EFAULT, execve(self, list, none));
    munmap(pages, 4096);
}

static void text_busy(void)
{
    struct image image;
    image_make(&image, ET_EXEC, code_exit, sizeof code_exit);
    FAILS(ETXTBSY, open(self, O_WRONLY));
    FAILS(ETXTBSY, open(self, O_RDWR | O_TRUNC));
    FAILS(ETXTBSY, truncate(self, 0));
    CHECK(image_write("busy", &image));
    CHECK(run_alone("./busy") == ENDED(42));
    int fd = open("busy", O_WRONLY);
    CHECK(fd >= 0);
    CHECK(run_alone("./busy") == -ETXTBSY);
    close(fd);
    CHECK(run_alone("./busy") == ENDED(42));
    fd = open("busy", O_RDWR);
    CHECK(fd >= 0);
    close(fd);
}

static void at(void)
{
    struct image image;
    char *argv[] = {"x", NULL};
    image_make(&image, ET_EXEC, code_exit, sizeof code_exit);
    CHECK(mkdir("dir", 0755) == 0 && image_write("dir/program", &image) && symlink("program", "dir/link") == 0);
    int dir = open("dir", O_RDONLY | O_DIRECTORY), fd = open("dir/program", O_RDONLY | O_CLOEXEC);
    int status;
    struct {
        int fd;
        const char *path;
        int flags;
    } good[] = {{dir, "program", 0}, {AT_FDCWD, "dir/program", 0}, {fd, "", AT_EMPTY_PATH}, {dir, "link", 0},
        {dir, "program", AT_SYMLINK_NOFOLLOW}, {dir, "program", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW}};
    for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++) {
        pid_t child = fork();
        if (child == 0) {
            execute_at(good[i].fd, good[i].path, argv, good[i].flags);
            _exit(1);
        }
        CHECK(waitpid(child, &status, 0) == child && status == ENDED(42));
    }
    FAILS(ELOOP, execute_at(dir, "link", argv, AT_SYMLINK_NOFOLLOW));
    FAILS(ENOENT, execute_at(fd, "", argv, 0));
    FAILS(EBADF, execute_at(99, "program", argv, 0));
    FAILS(ENOTDIR, execute_at(fd, "program", argv, 0));
    FAILS(EINVAL, execute_at(dir, "program", argv, 1));
    FAILS(EACCES, execute_at(dir, "", argv, AT_EMPTY_PATH));
    FAILS(EFAULT, execute_at(dir, KERNEL, argv, 0));
    close(dir);
    close(fd);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Interpreters of programs, and the initial stack
 */

struct dump {
    uint64_t pointer; /* RSP at the first instruction */
    uint64_t words[8191];
    size_t size;
    int status;
};

static void dump(const char *path, char *const argv[], char *const environment[], struct dump *dump)
{
    int fds[2];
    memset(dump, 0, sizeof *dump);
    dump->status = -1;
    if (pipe(fds) < 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        dup2(fds[1], 1);
        execve(path, argv, environment);
        _exit(1);
    }
    close(fds[1]);
    ssize_t got;
    while ((got = read(fds[0], (char *)dump + dump->size, 65536 - dump->size)) > 0)
        dump->size += (size_t)got;
    close(fds[0]);
    waitpid(child, &dump->status, 0);
}

/* A string of the new program's stack. */
static const char *text_at(const struct dump *dump, uint64_t address)
{
    uint64_t offset = address - dump->pointer;
    return offset < dump->size - 8 ? (const char *)dump->words + offset : "(nowhere)";
}

static uint64_t auxiliary(const struct dump *dump, uint64_t type)
{
    const uint64_t *at = dump->words + 1 + dump->words[0] + 1;
    while (*at++)
        ;
    for (; *at != AT_NULL; at += 2)
        if (*at == type)
            return at[1];
    return ~0ul;
}

static bool has(const struct dump *dump, uint64_t type)
{
    return auxiliary(dump, type) != ~0ul;
}

static void initial_stack(void)
{
    static struct dump seen;
    struct image image;
    char *argv[] = {"first", "second", NULL}, *environment[] = {"VARIABLE=value", NULL};
    image_make(&image, ET_EXEC, code_dump, sizeof code_dump);
    CHECK(image_write("dump", &image));
    dump("./dump", argv, environment, &seen);
    CHECK(seen.status == ENDED(42) && seen.pointer % 16 == 0);
    CHECK(seen.words[0] == 2 && seen.words[3] == 0 && seen.words[5] == 0);
    CHECK(strcmp(text_at(&seen, seen.words[1]), "first") == 0);
    CHECK(strcmp(text_at(&seen, seen.words[2]), "second") == 0);
    CHECK(strcmp(text_at(&seen, seen.words[4]), "VARIABLE=value") == 0);
    CHECK(seen.words[2] == seen.words[1] + 6 && seen.words[4] == seen.words[2] + 7);
    CHECK(strcmp(text_at(&seen, auxiliary(&seen, AT_EXECFN)), "./dump") == 0);
    CHECK(strcmp(text_at(&seen, auxiliary(&seen, AT_PLATFORM)), "x86_64") == 0);
    CHECK(auxiliary(&seen, AT_PHDR) == IMAGE_BASE + offsetof(struct image, segments));
    CHECK(auxiliary(&seen, AT_PHNUM) == IMAGE_SEGMENTS && auxiliary(&seen, AT_BASE) == 0);
    CHECK(auxiliary(&seen, AT_ENTRY) == image.header.e_entry);
    CHECK(has(&seen, AT_HWCAP) && has(&seen, AT_HWCAP2) && has(&seen, AT_FLAGS) && has(&seen, AT_RANDOM));

    char *nobody[] = {NULL};
    dump("./dump", nobody, nobody, &seen);
    CHECK(seen.words[0] == 1 && seen.words[2] == 0 && text_at(&seen, seen.words[1])[0] == '\0');
}

static void interpreters(void)
{
    static struct dump seen;
    struct image program, interpreter;
    char *argv[] = {"name", NULL};
    image_make(&interpreter, ET_DYN, code_dump, sizeof code_dump);
    CHECK(image_write("interpreter", &interpreter));
    static const unsigned types[] = {ET_EXEC, ET_DYN};
    for (unsigned i = 0; i < 2; i++) {
        image_make(&program, types[i], code_exit, sizeof code_exit);
        image_set_interpreter(&program, "./interpreter");
        CHECK(image_write("dynamic", &program));
        dump("./dynamic", argv, none, &seen);
        CHECK(seen.status == ENDED(42));
        uint64_t base = auxiliary(&seen, AT_BASE), image = auxiliary(&seen, AT_ENTRY) - program.header.e_entry;
        CHECK(base != 0 && base % 4096 == 0 && (image == 0) == (types[i] == ET_EXEC));
        CHECK(auxiliary(&seen, AT_PHDR) == image + program.segments[0].p_vaddr + program.header.e_phoff);
        CHECK(image + program.segments[0].p_vaddr != base);
    }
    image_make(&interpreter, ET_EXEC, code_dump, sizeof code_dump);
    interpreter.segments[0].p_vaddr = 0x10000000;
    interpreter.header.e_entry = 0x10000000 + offsetof(struct image, code);
    CHECK(image_write("interpreter", &interpreter));
    dump("./dynamic", argv, none, &seen);
    CHECK(seen.status == ENDED(42) && auxiliary(&seen, AT_BASE) == 0);

    CHECK(chmod("interpreter", 0644) == 0);
    CHECK(run_alone("./dynamic") == -EACCES);
    CHECK(unlink("interpreter") == 0);
    CHECK(run_alone("./dynamic") == -ENOENT);
    char zeros[4096] = {0};
    CHECK(file_write("interpreter", zeros, sizeof zeros, 0755) && run_alone("./dynamic") == -ELIBBAD);
    CHECK(file_write("interpreter", "#!/bin/sh\n", 10, 0755) && run_alone("./dynamic") == -EIO);
    interpreter.header.e_machine = EM_386;
    CHECK(image_write("interpreter", &interpreter) && run_alone("./dynamic") == -ELIBBAD);
    interpreter.header.e_machine = EM_X86_64;
    interpreter.header.e_phentsize = 1;
    CHECK(image_write("interpreter", &interpreter) && run_alone("./dynamic") == -ELIBBAD);
    interpreter.header.e_phentsize = sizeof(Elf64_Phdr);
    interpreter.header.e_type = ET_REL;
    CHECK(image_write("interpreter", &interpreter) && run_alone("./dynamic") == SIGSEGV);
    CHECK(mkdir("directory", 0755) == 0);
    image_set_interpreter(&program, "./directory");
    CHECK(image_write("dynamic", &program) && run_alone("./dynamic") == -EACCES);
    image_set_interpreter(&program, "./dynamic");
    CHECK(image_write("dynamic", &program));
    CHECK(run_alone("./dynamic") == ENDED(42)); /* it is its own, once */
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 1)
        return role(argc, argv);
    strings();
    state();
    errors();
    text_busy();
    at();
    initial_stack();
    interpreters();
    return done();
}
