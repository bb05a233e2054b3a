/*
 * Runs the guest tests, one after the other, and tells what they say: process 1 of the machine that
 * tests/system/guest.t boots, and the same on the host.
 *
 *     run [LIST [FROM]]        LIST (/tests/list) has a line for each program: NAME SECONDS COMMAND...; the first is 0
 *
 * It prints, around what a program writes:
 *
 *     # begin 3 NAME
 *     ...
 *     # took NAME 1.2 seconds
 *     # left NAME 2 processes                      that it did not wait for; they are ended
 *     # left NAME more NAME 5 -> 6                 of the kernel's objects and pages than before (counts.h), inside
 *     # end NAME exit N | signal N | timeout
 *
 * and in the end `# end of list`. It ends itself, with status 1, when a program cannot be ended: there is no use in
 * going on then, but in another boot from the next program on.
 *
 * Each program has a session of its own, nothing to read, one file for output and errors (which is copied whole lines
 * at a time, so that what the kernel logs does not cut them), no other descriptors, and an empty directory to work in,
 * on a tmpfs of its own where one can be mounted. On the host all of it happens in namespaces, as far as the kernel
 * lets us: what is mounted or killed in there does not hurt, and process 1 is this program, as it is inside.
 */
#include "tests/guest/counts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNENDED (~0u)
#define SETTLING 2.0 /* seconds that what is given back may take */
#define GRACE 3.0    /* seconds that a killed program has to be gone */

static char work[256]; /* where programs work */
static bool is_init;
static bool is_alone; /* nobody else is in the machine: what is in use changes by programs' doing only */

struct program {
    char *name, *command[16];
    double seconds;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void nap(double seconds)
{
    struct timespec t = {0, (long)(seconds * 1e9)};
    nanosleep(&t, NULL);
}

static bool unheard; /* nobody wants to know what programs say */

static void say(const char *text, size_t length)
{
    while (length > 0 && !unheard) {
        ssize_t written = write(STDOUT_FILENO, text, length);
        if (written <= 0)
            return;
        text += written;
        length -= (size_t)written;
    }
}

/* What a program has said and we have not passed on. */
static struct {
    char bytes[1 << 20];
    size_t length;
    double since; /* when we last did */
} said;
#define HELD 2.0 /* seconds; a program that hangs, or the machine, is seen to have come so far */

/* Passes on whole lines of it. */
static void pass_on(void)
{
    size_t lines = said.length;
    while (lines > 0 && said.bytes[lines - 1] != '\n')
        lines--;
    if (lines == 0 && said.length == sizeof said.bytes)
        lines = said.length;
    say(said.bytes, lines);
    said.length -= lines;
    memmove(said.bytes, said.bytes + lines, said.length);
    said.since = now();
}

/* Takes what there is to read of OUTPUT; LAST: there is no more to come. */
static void listen_to(int output, bool last)
{
    ssize_t count;
    while ((count = read(output, said.bytes + said.length, sizeof said.bytes - said.length)) > 0) {
        said.length += (size_t)count;
        if (said.length == sizeof said.bytes)
            pass_on();
    }
    if (last || now() > said.since + HELD)
        pass_on();
    if (last && said.length > 0) {
        say(said.bytes, said.length);
        say("\n", 1);
        said.length = 0;
    }
}

static _Noreturn void become(const struct program *program, int output)
{
    setsid();
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* a shell has those who run in the background ignore some */
    int input = open("/dev/null", O_RDONLY);
    if (chdir(work) < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        _exit(126);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    execv(program->command[0], program->command);
    printf("%s: %s\n", program->command[0], strerror(errno));
    fflush(stdout);
    _exit(127);
}

/* Until CHILD has ended or time is over: true, and its status. Others' children that became ours are let go. */
static bool await(pid_t child, double end, int *status, int output)
{
    for (double pause = 0.0005;;) {
        pid_t pid = waitpid(-1, status, WNOHANG);
        if (pid == child)
            return true;
        listen_to(output, false);
        if (pid > 0)
            continue;
        if (now() > end || (pid < 0 && errno != EINTR))
            return false;
        nap(pause);
        if (pause < 0.02)
            pause *= 1.5;
    }
}

/* Waits for SECONDS at most until no child is left; true: none is. */
static bool reap(double seconds, unsigned *count)
{
    for (double end = now() + seconds; now() < end;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0)
            return true;
        *count += pid > 0;
        if (pid == 0)
            nap(0.001);
    }
    return false;
}

/* Ends whatever a program has left, after a moment for what ends anyway; tells how many there were. */
static unsigned clean_up(pid_t child)
{
    unsigned ended = 0, left = 0;
    if (reap(0.3, &ended))
        return 0;
    kill(-child, SIGKILL);
    if (is_init)
        kill(-1, SIGKILL);
    return reap(GRACE, &left) ? left : UNENDED;
}

static void tell_end(const struct program *program, int status, double seconds)
{
    printf("# took %s %.1f seconds\n", program->name, seconds);
    if (WIFEXITED(status))
        printf("# end %s exit %d\n", program->name, WEXITSTATUS(status));
    else
        printf("# end %s signal %d\n", program->name, WTERMSIG(status));
}

/* What a program is doing that takes too long. */
static void tell_state(pid_t child)
{
    if (unheard)
        return;
    static const char *const files[] = {"stat", "syscall", "wchan", "stack"};
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[64], text[512];
        snprintf(path, sizeof path, "/proc/%d/%s", (int)child, files[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        close(fd);
        if (length <= 0)
            continue;
        text[length] = '\0';
        printf("# %s: %.*s\n", files[i], (int)strcspn(text, "\n"), text);
    }
}

/* How a program has ended. */
struct outcome {
    int status;
    bool ended, gone; /* by itself; at all */
    unsigned left;    /* processes */
    int busy;         /* error of unmounting its directory */
    double took;
};

static void perform(const struct program *program, struct outcome *outcome)
{
    int output[2];
    double start = now();
    *outcome = (struct outcome){0};
    bool mounted = is_init && mount("none", work, "tmpfs", 0, NULL) == 0;
    if (pipe2(output, O_CLOEXEC) < 0 || fcntl(output[0], F_SETFL, O_NONBLOCK) < 0)
        return;
    pid_t child = fork();
    if (child == 0)
        become(program, output[1]);
    close(output[1]);
    said.since = start;
    outcome->ended = child > 0 && await(child, start + program->seconds, &outcome->status, output[0]);
    outcome->took = now() - start;
    outcome->gone = outcome->ended;
    if (!outcome->ended && child > 0) {
        tell_state(child);
        outcome->gone = kill(child, SIGKILL) == 0 && await(child, now() + GRACE, &outcome->status, output[0]);
    }
    listen_to(output[0], true);
    close(output[0]);
    if (!outcome->gone)
        return;
    outcome->left = clean_up(child);
    if (mounted && umount2(work, 0) < 0) {
        outcome->busy = errno;
        umount2(work, MNT_DETACH);
    }
}

/*
 * Has it left something of the kernel's? What is made at the first use stays; so who has left something is run once
 * more, unheard, and has to leave nothing then.
 */
static void tell_counts(const struct program *program, const struct counts *before)
{
    char text[1024];
    static struct counts again;
    struct outcome outcome;
    if (counts_return_to(before, SETTLING, text, sizeof text))
        return;
    counts_read(&again);
    unheard = true;
    perform(program, &outcome);
    unheard = false;
    if (!counts_return_to(&again, SETTLING, text, sizeof text))
        printf("# left %s more%s\n", program->name, text);
}

/* False: it cannot be ended. */
static bool run_program(const struct program *program)
{
    static struct counts before;
    struct outcome outcome;
    if (is_alone)
        counts_read(&before);
    perform(program, &outcome);
    if (!outcome.gone) {
        printf("# end %s timeout\n", program->name);
        return false;
    }
    if (outcome.left > 0)
        printf("# left %s %u processes\n", program->name, outcome.left);
    if (outcome.busy)
        printf("# left %s a busy mount: %s\n", program->name, strerror(outcome.busy));
    if (is_alone && outcome.ended && outcome.left == 0)
        tell_counts(program, &before);
    if (outcome.ended)
        tell_end(program, outcome.status, outcome.took);
    else
        printf("# end %s timeout\n", program->name);
    return outcome.left != UNENDED;
}

/* Takes LINE apart. */
static bool parse(char *line, struct program *program)
{
    unsigned words = 0;
    program->name = strtok(line, " \n");
    char *seconds = strtok(NULL, " \n");
    while (words < 15 && (program->command[words] = strtok(NULL, " \n")) != NULL)
        words++;
    program->command[words] = NULL;
    if (!program->name || !seconds || words == 0)
        return false;
    program->seconds = atof(seconds);
    return true;
}

static int run_list(const char *path, int from)
{
    char line[1024];
    struct program program;
    FILE *list = fopen(path, "re");
    if (!list) {
        printf("# %s: %s\n", path, strerror(errno));
        return 1;
    }
    for (int number = 0; fgets(line, sizeof line, list); number++) {
        if (number < from || !parse(line, &program))
            continue;
        printf("# begin %d %s\n", number, program.name);
        if (!run_program(&program))
            return 1;
    }
    printf("# end of list\n");
    fclose(list);
    return 0;
}

/* As process 1 of a machine: the file systems that programs expect. Some may be there, or unknown. */
static void mount_usual(void)
{
    static const char *const usual[] = {"proc", "/proc", "sysfs", "/sys", "devtmpfs", "/dev", "tmpfs", "/tmp"};
    for (unsigned i = 0; i < sizeof usual / sizeof usual[0]; i += 2) {
        mkdir(usual[i + 1], 0755);
        mount(usual[i], usual[i + 1], usual[i], 0, NULL);
    }
}

/* On the host: goes on as process 1 of namespaces of its own; false: the kernel does not let us. */
static bool enter_namespaces(int *status)
{
    if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) < 0)
        return false;
    pid_t child = fork();
    if (child != 0) {
        if (child < 0 || waitpid(child, status, 0) < 0)
            *status = 1 << 8;
        *status = WIFEXITED(*status) ? WEXITSTATUS(*status) : 1;
        return true;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    is_init = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    mount("proc", "/proc", "proc", 0, NULL);
    return false;
}

int main(int argc, char **argv)
{
    int status;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (getpid() == 1) {
        is_init = is_alone = true;
        mlockall(MCL_CURRENT | MCL_FUTURE); /* what we use ourselves is there from the beginning */
        mount_usual();
        strcpy(work, "/tmp/work");
        mkdir(work, 01777);
    } else {
        const char *parent = getenv("TMPDIR");
        if (enter_namespaces(&status))
            return status;
        snprintf(work, sizeof work, "%s/guest.XXXXXX", parent ? parent : "/tmp");
        if (!mkdtemp(work))
            return 1;
    }
    status = run_list(argc > 1 ? argv[1] : "/tests/list", argc > 2 ? atoi(argv[2]) : 0);
    rmdir(work);
    return status;
}
