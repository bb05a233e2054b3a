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
 *     # left NAME 2 processes                      that it did not wait for; they are ended
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
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE 3.0 /* seconds that a killed program has to be gone */

static char work[256];                                                 /* where programs work */
static char output_path[sizeof work + 8], stdin_path[sizeof work + 8]; /* beside it */
static bool is_init;

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

static void say(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, text, length);
        if (written <= 0)
            return;
        text += written;
        length -= (size_t)written;
    }
}

/* What OUTPUT has beyond *shown: whole lines, or ALL of it, with an end of line. */
static void show(int output, off_t *shown, bool all)
{
    char buffer[4096];
    for (;;) {
        lseek(output, *shown, SEEK_SET);
        ssize_t count = read(output, buffer, sizeof buffer);
        if (count <= 0)
            return;
        ssize_t lines = count;
        while (lines > 0 && buffer[lines - 1] != '\n')
            lines--;
        if (lines == 0 && (all || count == sizeof buffer))
            lines = count;
        if (lines == 0)
            return;
        say(buffer, (size_t)lines);
        *shown += lines;
        if (all && buffer[lines - 1] != '\n' && lines < (ssize_t)sizeof buffer)
            say("\n", 1);
    }
}

static _Noreturn void become(const struct program *program)
{
    setsid();
    if (chdir(work) < 0 && errno != ENOSYS)
        _exit(126);
    int input = open("/dev/null", O_RDONLY), output = open(output_path, O_WRONLY | O_APPEND);
    if (input < 0)
        input = open(stdin_path, O_RDONLY | O_CREAT, 0444);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        _exit(126);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    execv(program->command[0], program->command);
    printf("%s: %s\n", program->command[0], strerror(errno));
    fflush(stdout);
    _exit(127);
}

/* Until CHILD has ended or time is over: true, and its status. Others' children that became ours are let go. */
static bool await(pid_t child, double end, int *status, int output, off_t *shown)
{
    for (double pause = 0.0005;;) {
        pid_t pid = waitpid(-1, status, WNOHANG);
        if (pid == child)
            return true;
        show(output, shown, false);
        if (pid > 0)
            continue;
        if (now() > end || (pid < 0 && errno != EINTR))
            return false;
        nap(pause);
        if (pause < 0.02)
            pause *= 1.5;
    }
}

/* Ends whatever a program has left; tells how many there were. */
static unsigned clean_up(pid_t child)
{
    unsigned left = 0;
    int status;
    kill(-child, SIGKILL);
    if (is_init)
        kill(-1, SIGKILL);
    /* Those that are ending anyway are not counted, but for a killed one there is a status that tells. */
    for (double end = now() + GRACE; now() < end;) {
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0)
            return left;
        if (pid == 0)
            nap(0.001);
        else
            left += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }
    return left + 1000;
}

static void tell_end(const struct program *program, int status)
{
    if (WIFEXITED(status))
        printf("# end %s exit %d\n", program->name, WEXITSTATUS(status));
    else
        printf("# end %s signal %d\n", program->name, WTERMSIG(status));
}

/* False: it cannot be ended. */
static bool run_program(const struct program *program)
{
    int status = 0;
    off_t shown = 0;
    bool mounted = is_init && mount("none", work, "tmpfs", 0, NULL) == 0;
    int output = open(output_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    pid_t child = fork();
    if (child == 0)
        become(program);
    bool ended = child > 0 && await(child, now() + program->seconds, &status, output, &shown);
    bool killed =
        !ended && child > 0 && kill(child, SIGKILL) == 0 && await(child, now() + GRACE, &status, output, &shown);
    show(output, &shown, true);
    close(output);
    if (!ended && !killed) {
        printf("# end %s timeout\n", program->name);
        return false;
    }
    unsigned left = clean_up(child);
    if (left > 0)
        printf("# left %s %u processes\n", program->name, left);
    if (mounted && umount2(work, 0) < 0) {
        printf("# left %s a busy mount: %s\n", program->name, strerror(errno));
        umount2(work, MNT_DETACH);
    }
    if (ended)
        tell_end(program, status);
    else
        printf("# end %s timeout\n", program->name);
    return left < 1000;
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
        is_init = true;
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
    snprintf(output_path, sizeof output_path, "%s.out", work);
    snprintf(stdin_path, sizeof stdin_path, "%s.in", work);
    return run_list(argc > 1 ? argv[1] : "/tests/list", argc > 2 ? atoi(argv[2]) : 0);
}
