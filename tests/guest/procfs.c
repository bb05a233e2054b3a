/*
 * Processes in /proc: what ps, top, lsof and shells read of them, format by format.
 *
 * guest: root
 */
#include "tests/guest/guest.h"
#include "tests/guest/slurp.h"

#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>

#define NUMBER "-?[0-9]+"

/* Where a link leads, or "". */
static const char *target(const char *path)
{
    static char text[4096];
    ssize_t length = readlink(path, text, sizeof text - 1);
    text[length < 0 ? 0 : length] = '\0';
    return text;
}

/* A child that waits until it is killed. */
static pid_t fork_idle(void)
{
    pid_t child = fork();
    while (child == 0)
        pause();
    return child;
}

static void end_child(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * stat, statm, status
 */

/* Fields of stat by their numbers in proc(5), from 3 on; the name is taken out. */
static long long fields[53];
static char stat_name[64], stat_state;

static bool read_stat(const char *text)
{
    const char *open = text ? strchr(text, '(') : NULL, *close = text ? strrchr(text, ')') : NULL;
    if (open == NULL || close == NULL || close - open > 64)
        return false;
    fields[1] = atoi(text);
    snprintf(stat_name, sizeof stat_name, "%.*s", (int)(close - open - 1), open + 1);
    stat_state = close[2];
    char *at = (char *)close + 3;
    for (int i = 4; i <= 52; i++)
        fields[i] = (long long)strtoull(at, &at, 10);
    return *at == '\n' && at[1] == '\0';
}

/* Does the process come into the state, within a moment? */
static bool comes_to(pid_t process, char state)
{
    for (int i = 0; i < 500; i++) {
        if (read_stat(slurp_of(process, "stat")) && stat_state == state)
            return true;
        usleep(10000);
    }
    return false;
}

static void test_stat(void)
{
    CHECK(file_matches("/proc/self/stat", "[0-9]+ \\([^)]*\\) [RSDTZ]( " NUMBER "){49}\n"));
    CHECK(read_stat(slurp("/proc/self/stat", NULL)));
    CHECK(fields[1] == getpid() && fields[4] == getppid() && fields[5] == getpgrp() && fields[6] == getsid(0));
    CHECK(stat_state == 'R');
    CHECK(fields[7] == 0 && fields[8] == -1); /* no terminal */
    CHECK(fields[10] > 0 && fields[14] >= 0 && fields[15] >= 0);
    CHECK(fields[18] == 20 && fields[19] == 0 && fields[20] == 1 && fields[21] == 0);
    CHECK(fields[22] > 0 && fields[22] <= (long long)(strtod(slurp("/proc/uptime", NULL), NULL) * 100) + 1);
    CHECK(fields[24] > 0 && fields[24] * getpagesize() <= fields[23]);
    CHECK(fields[25] == (long long)RLIM_INFINITY);
    CHECK(fields[26] != 0 && fields[26] < fields[27] && fields[28] > fields[27]);
    CHECK(fields[38] == SIGCHLD && fields[39] >= 0 && fields[40] == 0 && fields[41] == 0);
    CHECK(fields[48] < fields[49] && fields[49] <= fields[50] && fields[50] < fields[51]);
    prctl(PR_SET_NAME, "a) b (");
    CHECK(read_stat(slurp("/proc/self/stat", NULL)) && strcmp(stat_name, "a) b (") == 0);
    CHECK(file_matches("/proc/self/comm", "a\\) b \\(\n"));
    CHECK(file_matches("/proc/self/statm", "[0-9]+ [0-9]+ [0-9]+ [0-9]+ 0 [0-9]+ 0\n"));
}

static void test_states(void)
{
    pid_t child = fork_idle();
    CHECK(comes_to(child, 'S'));
    CHECK(fields[1] == child && fields[4] == getpid());
    kill(child, SIGSTOP);
    CHECK(comes_to(child, 'T'));
    CHECK(strstr(slurp_of(child, "status"), "\nState:\tT (stopped)\n") != NULL);
    kill(child, SIGCONT);
    CHECK(comes_to(child, 'S'));
    kill(child, SIGTERM);
    CHECK(comes_to(child, 'Z'));
    CHECK(fields[23] == 0 && fields[24] == 0 && fields[52] == SIGTERM);
    CHECK(strcmp(slurp_of(child, "cmdline"), "") == 0 && strcmp(slurp_of(child, "maps"), "") == 0);
    CHECK(strstr(slurp_of(child, "status"), "\nState:\tZ (zombie)\n") != NULL);
    CHECK(strstr(slurp_of(child, "status"), "VmSize") == NULL);
    char path[64], text[64];
    snprintf(path, sizeof path, "/proc/%d/exe", child);
    FAILS(ENOENT, (int)readlink(path, text, sizeof text));
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    int stat = open(path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/%d", child);
    int directory = open(path, O_RDONLY | O_DIRECTORY);
    CHECK(stat >= 0 && directory >= 0);
    CHECK(waitpid(child, NULL, 0) == child);
    FAILS(ESRCH, (int)read(stat, path, sizeof path));
    FAILS(ENOENT, open(path, O_RDONLY));
    FAILS(ESRCH, openat(directory, "status", O_RDONLY));
    FAILS(ENOENT, (int)access(path, F_OK));
    close(stat);
    close(directory);
}

static void test_status(void)
{
    static const char *const keys[] = {"Name", "Umask", "State", "Tgid", "Ngid", "Pid", "PPid", "TracerPid", "Uid",
        "Gid", "FDSize", "Groups", "NStgid", "NSpid", "NSpgid", "NSsid", "VmPeak", "VmSize", "VmLck", "VmPin", "VmHWM",
        "VmRSS", "RssAnon", "RssFile", "RssShmem", "VmData", "VmStk", "VmExe", "VmLib", "VmPTE", "VmSwap", "Threads",
        "SigQ", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
        "NoNewPrivs", "Seccomp", "Cpus_allowed", "Cpus_allowed_list", "Mems_allowed", "Mems_allowed_list",
        "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"};
    prctl(PR_SET_NAME, "a\nb\\c");
    umask(027);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, (void (*)(int))exit);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMAX);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGRTMAX);
    char *text = strdup(slurp("/proc/self/status", NULL)), *at = text;
    CHECK(lines_match(text, "[A-Za-z_]+:[ \t].*"));
    unsigned found = 0;
    for (; found < sizeof keys / sizeof *keys; found++) {
        char key[40];
        snprintf(key, sizeof key, "\n%s:\t", keys[found]);
        at = found ? strstr(at, key) : text;
        if (at == NULL)
            break;
    }
    if (at == NULL)
        printf("# %s is not where it should be\n", keys[found]);
    CHECK(found == sizeof keys / sizeof *keys);
    CHECK(strncmp(text, "Name:\ta\\nb\\\\c\n", 14) == 0 || strncmp(text, "Name:\ta\\012b\\134c\n", 18) == 0);
    CHECK(strstr(text, "\nUmask:\t0027\n") && strstr(text, "\nState:\tR (running)\n"));
    CHECK(
        value_of(text, "Pid") == getpid() && value_of(text, "PPid") == getppid() && value_of(text, "Tgid") == getpid());
    CHECK(strstr(text, "\nUid:\t0\t0\t0\t0\n") && strstr(text, "\nGid:\t0\t0\t0\t0\n"));
    CHECK(value_of(text, "VmSize") >= value_of(text, "VmRSS") && value_of(text, "VmPeak") >= value_of(text, "VmSize"));
    CHECK(value_of(text, "VmHWM") >= value_of(text, "VmRSS") && value_of(text, "VmRSS") > 0);
    CHECK(
        value_of(text, "RssAnon") + value_of(text, "RssFile") + value_of(text, "RssShmem") == value_of(text, "VmRSS"));
    CHECK(value_of(text, "Threads") == 1);
    unsigned long long wanted[4] = {
        1ull << (SIGRTMAX - 1), 1ull << (SIGRTMAX - 1), 1ull << (SIGUSR1 - 1), 1ull << (SIGUSR2 - 1)};
    static const char *const names[4] = {"SigPnd", "SigBlk", "SigIgn", "SigCgt"};
    bool good = true;
    for (int i = 0; i < 4; i++) {
        char line[64];
        snprintf(line, sizeof line, "\n%s:\t", names[i]);
        unsigned long long value = strtoull(strstr(text, line) + strlen(line), NULL, 16);
        good = good && (i == 2 ? (value & wanted[i]) != 0 : value == wanted[i]);
    }
    CHECK(good);
    signal(SIGRTMAX, SIG_IGN); /* which takes it away */
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    umask(022);
    free(text);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Memory
 */

static void test_arguments(char **argv)
{
    size_t length;
    char *text = slurp("/proc/self/cmdline", &length);
    bool same = text != NULL;
    size_t at = 0;
    for (int i = 0; argv[i] && same; at += strlen(argv[i]) + 1, i++)
        same = at < length && strcmp(text + at, argv[i]) == 0;
    CHECK(same && at == length);
    extern char **environ;
    text = slurp("/proc/self/environ", &length);
    CHECK(text && (environ[0] == NULL ? length == 0 : strcmp(text, environ[0]) == 0 && text[length - 1] == '\0'));
    text = slurp("/proc/self/auxv", &length);
    CHECK(text && length % 16 == 0 && length >= 32 && ((unsigned long *)(void *)text)[length / 8 - 2] == 0);
}

#define MAPS_LINE                                                                                                      \
    "[0-9a-f]{8,}-[0-9a-f]{8,} [r-][w-][x-][ps] [0-9a-f]{8,} [0-9a-f]{2,}:[0-9a-f]{2,} [0-9]+ *( "                     \
    "(/|\\[|anon_inode).*)?"

/* The line of the area that begins at ADDRESS. */
static char *maps_line(const void *address)
{
    char start[32], *text = slurp("/proc/self/maps", NULL);
    snprintf(start, sizeof start, "%08lx-", (unsigned long)address);
    char *line = text && strncmp(text, start, strlen(start)) == 0 ? text : NULL;
    if (text && !line) {
        snprintf(start, sizeof start, "\n%08lx-", (unsigned long)address);
        line = strstr(text, start);
        line = line ? line + 1 : NULL;
    }
    if (line)
        line[strcspn(line, "\n")] = '\0';
    return line;
}

static bool is_ordered(const char *text)
{
    unsigned long end = 0;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        char *dash;
        unsigned long start = strtoul(line, &dash, 16);
        if (start < end || *dash != '-' || (end = strtoul(dash + 1, NULL, 16)) <= start)
            return false;
    }
    return true;
}

static void test_maps(void)
{
    char *text = slurp("/proc/self/maps", NULL), expected[512], cwd[256];
    CHECK(lines_match(text, MAPS_LINE));
    CHECK(is_ordered(text));
    CHECK(strstr(text, "[stack]\n") && strstr(text, target("/proc/self/exe")));

    int page = getpagesize(), fd = open("mapped file", O_RDWR | O_CREAT, 0600);
    struct stat st;
    CHECK(ftruncate(fd, 4 * page) == 0 && fstat(fd, &st) == 0);
    char *shared = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2 * page);
    char *private = mmap(NULL, (size_t)page, PROT_READ, MAP_PRIVATE, fd, 0);
    char *none = mmap(NULL, (size_t)(16 * page), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    close(fd);
    snprintf(expected, sizeof expected, "%08lx-%08lx rw-s %08x %02x:%02x %lu ", (unsigned long)shared,
        (unsigned long)(shared + page), 2 * page, major(st.st_dev), minor(st.st_dev), (unsigned long)st.st_ino);
    char *line = maps_line(shared);
    CHECK(line && strncmp(line, expected, strlen(expected)) == 0);
    CHECK(getcwd(cwd, sizeof cwd) && line && strncmp(line + 73, cwd, strlen(cwd)) == 0);
    CHECK(line && strcmp(line + strlen(line) - 12, "/mapped file") == 0);
    CHECK((line = maps_line(private)) && strstr(line, " r--p 00000000 "));
    CHECK((line = maps_line(none)) && matches(line, "[0-9a-f]+-[0-9a-f]+ ---p 00000000 00:00 0 ?"));
    CHECK(unlink("mapped file") == 0);
    CHECK((line = maps_line(shared)) && strcmp(line + strlen(line) - 22, "/mapped file (deleted)") == 0);
    CHECK(rename("/proc/self/maps", "/proc/self/other") == -1);
    munmap(shared, (size_t)page);
    munmap(private, (size_t)page);
    munmap(none, (size_t)(16 * page));
}

/* Sums a line of smaps over all areas. */
static long smaps_sum(const char *text, const char *name)
{
    long sum = 0;
    char key[40];
    snprintf(key, sizeof key, "\n%s:", name);
    for (const char *at = text; (at = strstr(at, key)) != NULL; at++)
        sum += strtol(at + strlen(key), NULL, 10);
    return sum;
}

static void test_smaps(void)
{
    int pages = 64, page = getpagesize();
    char *text = slurp("/proc/self/smaps", NULL);
    CHECK(lines_match(text,
        "(" MAPS_LINE
        ")|([A-Za-z_]+: +[0-9]+ kB)|(THPeligible: +[0-9]+)|(ProtectionKey: +[0-9]+)|(VmFlags:( [a-z][a-z])* )"));
    long dirty = smaps_sum(text, "Private_Dirty"), size = smaps_sum(text, "Size");
    CHECK(smaps_sum(text, "Rss") == smaps_sum(text, "Shared_Clean") + smaps_sum(text, "Shared_Dirty") +
                                        smaps_sum(text, "Private_Clean") + smaps_sum(text, "Private_Dirty"));
    CHECK(smaps_sum(text, "Pss") <= smaps_sum(text, "Rss"));
    char *memory = mmap(NULL, (size_t)(pages * page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < pages; i++)
        memory[i * page] = 1;
    text = slurp("/proc/self/smaps", NULL);
    CHECK(smaps_sum(text, "Private_Dirty") - dirty >= pages * page / 1024);
    CHECK(smaps_sum(text, "Size") - size >= pages * page / 1024);
    CHECK(lines_match(slurp("/proc/self/smaps_rollup", NULL), "(" MAPS_LINE ")|([A-Za-z_]+: +[0-9]+ kB)"));
    pid_t child = fork_idle();
    CHECK(comes_to(child, 'S'));
    dirty = smaps_sum(slurp("/proc/self/smaps", NULL), "Shared_Dirty");
    CHECK(dirty >= pages * page / 1024);
    memory[0] = 2;
    CHECK(smaps_sum(slurp("/proc/self/smaps", NULL), "Shared_Dirty") <= dirty - page / 1024);
    end_child(child);
    munmap(memory, (size_t)(pages * page));
}

/* ------------------------------------------------------------------------------------------------------------------
 * The rest
 */

static void test_limits(void)
{
    struct rlimit limit = {100, 200};
    CHECK(setrlimit(RLIMIT_CPU, &limit) == 0);
    char *text = slurp("/proc/self/limits", NULL);
    CHECK(lines_match(text, "(Limit {20}|Max[a-zA-Z ]{22}) [^ ]+( Limit)? +[^ ]+( Limit)? +([A-Za-z]+)? *"));
    CHECK(text &&
          strncmp(text, "Limit                     Soft Limit           Hard Limit           Units     \n", 79) == 0);
    CHECK(text && strstr(text, "\nMax cpu time              100                  200                  seconds   \n"));
    CHECK(text && strstr(text, "\nMax realtime timeout      unlimited            unlimited            us        \n"));
}

static void test_small(void)
{
    CHECK(file_matches("/proc/self/oom_score_adj", "0\n"));
    int fd = open("/proc/self/oom_score_adj", O_RDWR);
    CHECK(write(fd, "300\n", 4) == 4 && file_matches("/proc/self/oom_score_adj", "300\n"));
    FAILS(EINVAL, (int)write(fd, "1001", 4));
    FAILS(EINVAL, (int)write(fd, "x", 1));
    close(fd);
    CHECK(file_matches("/proc/self/oom_score", "[0-9]+\n"));
    CHECK(file_matches("/proc/self/personality", "[0-9a-f]{8}\n"));
    CHECK(file_matches("/proc/self/loginuid", "[0-9]+"));
    CHECK(file_matches("/proc/self/sessionid", "[0-9]+"));
    CHECK(file_matches("/proc/self/wchan", "[a-z0-9_]+"));
    CHECK(file_lines_match("/proc/self/cgroup", "[0-9]+:[^:]*:/.*"));
    CHECK(file_lines_match("/proc/self/mounts", "[^ ]+ /[^ ]* [^ ]+ r[ow][^ ]* 0 0"));
    CHECK(file_lines_match("/proc/self/mountinfo",
        "[0-9]+ [0-9]+ [0-9]+:[0-9]+ [^ ]+ /[^ ]* r[ow][^ ]*( [a-z_]+:[0-9]+)* - [^ ]+ [^ ]+ r[ow][^ ]*"));
    CHECK(file_lines_match(
        "/proc/self/mountstats", "(device [^ ]+|no device) mounted on /[^ ]* with fstype [^ ]+( .*)?"));
    CHECK(strstr(slurp("/proc/self/mounts", NULL), " /proc proc r"));
    fd = open("/proc/self/comm", O_RDWR);
    CHECK(write(fd, "a name that is too long", 23) == 23 && file_matches("/proc/self/comm", "a name that is \n"));
    char name[16];
    CHECK(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "a name that is ") == 0);
    close(fd);
    fd = open("/proc/1/comm", O_RDWR);
    FAILS(EINVAL, (int)write(fd, "x", 1));
    close(fd);
    fd = open("/proc/self/stat", O_WRONLY);
    FAILS(EINVAL, (int)write(fd, "x", 1));
    close(fd);
    static const char *const steady[] = {"/proc/self/limits", "/proc/self/mounts", "/proc/self/mountinfo",
        "/proc/self/cmdline", "/proc/self/environ", "/proc/self/maps", "/proc/self/cgroup", "/proc/self/comm"};
    for (unsigned i = 0; i < sizeof steady / sizeof *steady; i++)
        point(reads_alike(steady[i]), steady[i], __LINE__);
}

static void test_permissions(void)
{
    static const char *const secret[] = {"environ", "maps", "smaps", "auxv", "fd", "fdinfo/0"};
    static const char *const links[] = {"exe", "cwd", "root", "ns/pid"};
    static const char *const open_to_all[] = {"stat", "status", "cmdline", "statm", "comm", "limits", "mounts"};
    char path[64], cwd[256];
    CHECK(getcwd(cwd, sizeof cwd) != NULL);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        points = failures = 0;
        if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
            _exit(99);
        prctl(PR_SET_DUMPABLE, 1);
        for (unsigned i = 0; i < sizeof secret / sizeof *secret; i++) {
            snprintf(path, sizeof path, "/proc/1/%s", secret[i]);
            failures += open(path, O_RDONLY) != -1 || errno != EACCES;
            snprintf(path, sizeof path, "/proc/self/%s", secret[i]);
            failures += open(path, O_RDONLY) == -1;
        }
        for (unsigned i = 0; i < sizeof links / sizeof *links; i++) {
            snprintf(path, sizeof path, "/proc/1/%s", links[i]);
            failures += readlink(path, cwd, sizeof cwd) != -1 || errno != EACCES;
        }
        for (unsigned i = 0; i < sizeof open_to_all / sizeof *open_to_all; i++)
            failures += slurp_of(1, open_to_all[i]) == NULL;
        failures += !read_stat(slurp_of(1, "stat")) || fields[28] != 0 || fields[48] != 0;
        struct stat st;
        failures += stat("/proc/self/environ", &st) != 0 || st.st_uid != 1000 || st.st_gid != 1000;
        failures += stat("/proc/1", &st) != 0 || st.st_uid != 0;
        failures += open("/proc/slabinfo", O_RDONLY) != -1 || errno != EACCES;
        failures += open("/proc/sys/kernel/hostname", O_WRONLY) != -1 || errno != EACCES;
        failures += strncmp(slurp("/proc/kallsyms", NULL), "0000000000000000 ", 17) != 0;
        failures += open("/proc/1/oom_score_adj", O_WRONLY) != -1 || errno != EACCES;
        prctl(PR_SET_DUMPABLE, 0);
        failures += stat("/proc/self/environ", &st) != 0 || st.st_uid != 0;
        failures += stat("/proc/self", &st) != 0 || st.st_uid != 1000;
        _exit(failures);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    if (status)
        printf("# status %#x\n", status);
}

int main(int argc, char **argv)
{
    test_arguments(argv);
    test_stat();
    test_states();
    test_status();
    test_maps();
    test_smaps();
    test_limits();
    test_small();
    test_permissions();
    return done();
}
