/*
 * The machine in /proc: what free, top, uptime, lscpu and others read, and the settings of /proc/sys.
 *
 * guest: root
 */
#include "tests/guest/guest.h"
#include "tests/guest/slurp.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

static void use_memory(bool use)
{
    static char *memory;
    size_t size = 16 << 20;
    if (use) {
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(memory, 1, size);
    } else {
        munmap(memory, size);
    }
}

static void use_file(bool use)
{
    static char block[65536];
    int fd = use ? open("file", O_RDWR | O_CREAT, 0600) : -1; /* on a tmpfs */
    for (unsigned i = 0; i < 64 && use; i++)
        if (write(fd, block, sizeof block) != sizeof block)
            break;
    if (use)
        close(fd);
    else
        unlink("file");
}

/* Does a line of meminfo grow when something is used? Others use and give back memory meanwhile: several tries. */
static bool grows(const char *name, void (*use)(bool), long least)
{
    bool grown = false;
    for (int i = 0; i < 10 && !grown; i++) {
        long before = value_of(slurp("/proc/meminfo", NULL), name);
        use(true);
        grown = value_of(slurp("/proc/meminfo", NULL), name) - before >= least;
        use(false);
    }
    return grown;
}

static void test_memory(void)
{
    char *text = slurp("/proc/meminfo", NULL);
    CHECK(lines_match(text, "[A-Za-z0-9_()]+: +[0-9]+( kB)?"));
    static const char *const names[] = {"MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapCached",
        "Active", "Inactive", "SwapTotal", "SwapFree", "Dirty", "Writeback", "AnonPages", "Shmem", "Slab",
        "SReclaimable", "SUnreclaim", "KernelStack", "PageTables", "CommitLimit", "Committed_AS", "HugePages_Total",
        "Hugepagesize"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        point(value_of(text, names[i]) >= 0, names[i], __LINE__);
    CHECK(strncmp(text, "MemTotal:", 9) == 0 && strstr(text, " kB\nMemFree:"));
    CHECK(value_of(text, "MemTotal") > value_of(text, "MemFree") && value_of(text, "MemFree") > 0);
    CHECK(value_of(text, "Slab") == value_of(text, "SReclaimable") + value_of(text, "SUnreclaim"));
    struct sysinfo info;
    CHECK(sysinfo(&info) == 0 && (long)(info.totalram * info.mem_unit / 1024) == value_of(text, "MemTotal"));

    CHECK(grows("AnonPages", use_memory, 12 << 10));
    CHECK(grows("Shmem", use_file, 3 << 10));
    CHECK(file_lines_match("/proc/vmstat", "[a-z0-9_]+ [0-9]+"));
    CHECK(file_lines_match("/proc/buddyinfo", "Node [0-9]+, zone +[A-Za-z0-9]+ +( *[0-9]+){11} *"));
    CHECK(file_lines_match("/proc/zoneinfo", "Node [0-9]+, zone +[A-Za-z0-9]+|  .*"));
    CHECK(file_lines_match("/proc/slabinfo",
        "slabinfo - version: 2.1|# name .*|[^ ]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+"
        " : tunables +0 +0 +0 : slabdata +[0-9]+ +[0-9]+ +[0-9]+"));
    CHECK(file_matches("/proc/swaps", "Filename\t+Type\t+Size\t+Used\t+Priority\n(.*\n)*"));
}

static unsigned count_lines(const char *text, const char *start)
{
    unsigned count = 0;
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        count += strncmp(line, start, strlen(start)) == 0;
    return count;
}

static double uptime(void)
{
    return strtod(slurp("/proc/uptime", NULL), NULL);
}

/* The numbers of the line "cpu". */
static void read_cpu(unsigned long long times[10])
{
    char *at = slurp("/proc/stat", NULL) + 3;
    for (unsigned i = 0; i < 10; i++)
        times[i] = strtoull(at, &at, 10);
}

static void test_load(void)
{
    char *text = slurp("/proc/stat", NULL);
    CHECK(lines_match(text, "cpu[0-9]*( +[0-9]+){10}|(intr|softirq)( [0-9]+)+|(ctxt|btime|processes|procs_running|"
                            "procs_blocked) [0-9]+|page .*|swap .*"));
    CHECK(strncmp(text, "cpu  ", 5) == 0);
    CHECK(count_lines(text, "cpu") == 1 + (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
    const char *line = strstr(text, "\nbtime ");
    struct timespec now, since;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &since);
    long boot = line ? strtol(line + 7, NULL, 10) : 0, expected = now.tv_sec - since.tv_sec;
    CHECK(boot >= expected - 2 && boot <= expected + 2);
    line = strstr(text, "\nprocs_running ");
    CHECK(line && atoi(line + 15) >= 1);
    line = strstr(text, "\nprocesses ");
    long processes = line ? strtol(line + 11, NULL, 10) : 0;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    line = strstr(slurp("/proc/stat", NULL), "\nprocesses ");
    CHECK(processes > 0 && line && strtol(line + 11, NULL, 10) > processes);

    CHECK(file_matches("/proc/uptime", "[0-9]+\\.[0-9]{2} [0-9]+\\.[0-9]{2}\n"));
    double seconds = uptime();
    CHECK(seconds >= (double)since.tv_sec && seconds < (double)since.tv_sec + 5);
    CHECK(
        file_matches("/proc/loadavg", "[0-9]+\\.[0-9]{2} [0-9]+\\.[0-9]{2} [0-9]+\\.[0-9]{2} [0-9]+/[0-9]+ [0-9]+\n"));

    unsigned long long before[10], after[10];
    read_cpu(before);
    clock_t until = clock() + CLOCKS_PER_SEC / 2;
    while (clock() < until)
        ;
    read_cpu(after);
    CHECK(after[0] + after[2] >= before[0] + before[2] + 40); /* half a second, in ticks of 1/100 s */
    CHECK(after[0] > before[0] && after[3] >= before[3]);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const char *at = strrchr(slurp("/proc/self/stat", NULL), ')') + 2;
    for (int field = 3; field < 14; field++)
        at = strchr(at, ' ') + 1;
    char *end;
    unsigned long ticks = strtoul(at, &end, 10) + strtoul(end, NULL, 10);
    unsigned long used = (unsigned long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 100 +
                         (unsigned long)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 10000;
    CHECK(ticks + 2 >= used && ticks <= used + 50);
}

static void test_processors(void)
{
    char *text = slurp("/proc/cpuinfo", NULL);
    CHECK(lines_match(text, "|[A-Za-z _]+[a-zA-Z]\t*:( .*)?|power management:.*"));
    CHECK(count_lines(text, "processor\t: ") == (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
    static const char *const keys[] = {"\nvendor_id\t: ", "\ncpu family\t: ", "\nmodel\t\t: ", "\nmodel name\t: ",
        "\nstepping\t: ", "\ncpu MHz\t\t: ", "\nphysical id\t: ", "\nsiblings\t: ", "\ncore id\t\t: ",
        "\ncpu cores\t: ", "\napicid\t\t: ", "\nfpu\t\t: yes\n",
        "\nflags\t\t: ", "\nbogomips\t: ", "\nclflush size\t: ", "\naddress sizes\t: "};
    for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
        char name[32] = "cpuinfo: ";
        strncat(name, keys[i] + 1, strcspn(keys[i] + 1, "\t"));
        point(strstr(text, keys[i]) != NULL, name, __LINE__);
    }
    CHECK(strncmp(text, "processor\t: 0\n", 14) == 0 && strcmp(text + strlen(text) - 2, "\n\n") == 0);
    const char *flags = strstr(text, "\nflags\t\t:");
    CHECK(flags && strstr(flags, " fpu ") && strstr(flags, " sse2 ") && strstr(flags, " syscall ") &&
          strstr(flags, " lm "));
    text = slurp("/proc/interrupts", NULL);
    CHECK(lines_match(text, "( +CPU[0-9]+)+ *| *[A-Z0-9]+:( +[0-9]+)+.*"));
    CHECK(strstr(text, "LOC:") && strstr(text, "NMI:"));
}

static void test_kernel(void)
{
    struct utsname uts;
    char expected[512];
    CHECK(uname(&uts) == 0);
    snprintf(expected, sizeof expected, "Linux version %s (", uts.release);
    CHECK(strncmp(slurp("/proc/version", NULL), expected, strlen(expected)) == 0);
    char *text = slurp("/proc/version", NULL);
    CHECK(strstr(text, uts.version) && text[strlen(text) - 1] == '\n');
    text = slurp("/proc/cmdline", NULL);
    CHECK(text && strlen(text) > 0 && strchr(text, '\n') == text + strlen(text) - 1);
    CHECK(file_lines_match("/proc/filesystems", "(nodev)?\t[a-z0-9_.]+"));
    text = slurp("/proc/filesystems", NULL);
    CHECK(strstr(text, "nodev\tproc\n") && strstr(text, "nodev\tsysfs\n") && strstr(text, "nodev\ttmpfs\n"));
    CHECK(file_matches(
        "/proc/devices", "Character devices:\n( *[0-9]+ [^\n]+\n)+\nBlock devices:\n( *[0-9]+ [^\n]+\n)*"));
    CHECK(strstr(slurp("/proc/devices", NULL), "\n  1 mem\n") &&
          strstr(slurp("/proc/devices", NULL), "\n  5 /dev/tty\n"));
    CHECK(file_matches("/proc/partitions", "major minor  #blocks  name\n\n( +[0-9]+ +[0-9]+ +[0-9]+ .+\n)*"));
    CHECK(file_lines_match("/proc/tty/drivers", "[^ ]+ +/dev/[^ ]+ +[0-9]+ +[0-9]+(-[0-9]+)? [a-z:/]+"));
    CHECK(file_lines_match("/proc/consoles", "tty[A-Z0-9]+ +[-RWU]{3} \\([ECBpab ]+\\) +[0-9]+:[0-9]+ *"));
    CHECK(file_lines_match("/proc/kallsyms", "[0-9a-f]{16} [a-zA-Z] [^ ]+(\t\\[.*\\])?"));
    CHECK(file_matches("/proc/sysvipc/shm", " +key +shmid perms +size +cpid .*\n(.*\n)*"));
    CHECK(file_matches("/proc/sysvipc/sem", " +key +semid perms +nsems .*\n(.*\n)*"));
    CHECK(file_matches("/proc/sysvipc/msg", " +key +msqid perms +cbytes .*\n(.*\n)*"));
    CHECK(file_matches("/proc/net/unix", "Num +RefCount Protocol Flags +Type St Inode Path\n(.*\n)*"));
    CHECK(file_matches("/proc/net/dev", "Inter-\\| +Receive .*\n face \\|bytes .*\n(.*\n)*"));
    struct statfs fs;
    CHECK(statfs("/proc", &fs) == 0 && fs.f_type == 0x9fa0);
    int fd = open("/proc/version", O_WRONLY);
    FAILS(EIO, (int)write(fd, "x", 1));
    close(fd);
    FAILS(EINVAL, (int)lseek(fd = open("/proc/version", O_RDONLY), 0, SEEK_END));
    close(fd);
    static const char *const steady[] = {"/proc/version", "/proc/cmdline", "/proc/filesystems", "/proc/devices",
        "/proc/partitions", "/proc/sys/kernel/osrelease"};
    for (unsigned i = 0; i < sizeof steady / sizeof *steady; i++)
        point(reads_alike(steady[i]), steady[i], __LINE__);
}

/* ------------------------------------------------------------------------------------------------------------------
 * /proc/sys
 */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_TRUNC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return done;
}

static void test_settings(void)
{
    static const struct {
        const char *name, *expression;
    } settings[] = {{"kernel/ostype", "Linux\n"}, {"kernel/osrelease", "[0-9]+\\.[0-9]+.*\n"},
        {"kernel/version", "#.*\n"}, {"kernel/pid_max", "[0-9]+\n"}, {"kernel/threads-max", "[0-9]+\n"},
        {"kernel/ngroups_max", "65536\n"}, {"kernel/cap_last_cap", "40\n"},
        {"kernel/random/entropy_avail", "(0|256)\n"}, {"kernel/random/poolsize", "256\n"},
        {"kernel/overflowuid", "65534\n"}, {"kernel/overflowgid", "65534\n"}, {"kernel/tainted", "[0-9]+\n"},
        {"kernel/printk", "[0-9]+\t[0-9]+\t[0-9]+\t[0-9]+\n"}, {"kernel/dmesg_restrict", "[01]\n"},
        {"vm/overcommit_memory", "[012]\n"}, {"vm/max_map_count", "[0-9]+\n"}, {"vm/swappiness", "[0-9]+\n"},
        {"vm/min_free_kbytes", "[0-9]+\n"}, {"fs/file-max", "[0-9]+\n"}, {"fs/file-nr", "[0-9]+\t0\t[0-9]+\n"},
        {"fs/nr_open", "[0-9]+\n"}, {"fs/inode-nr", "[0-9]+\t[0-9]+\n"}, {"fs/pipe-max-size", "[0-9]+\n"},
        {"kernel/random/uuid", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n"},
        {"kernel/random/boot_id", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n"},
        {"net/core/somaxconn", "[0-9]+\n"}};
    char path[80], before[128], uuid[64];
    for (unsigned i = 0; i < sizeof settings / sizeof *settings; i++) {
        snprintf(path, sizeof path, "/proc/sys/%s", settings[i].name);
        point(file_matches(path, settings[i].expression), settings[i].name, __LINE__);
    }
    snprintf(uuid, sizeof uuid, "%s", slurp("/proc/sys/kernel/random/uuid", NULL));
    CHECK(strcmp(uuid, slurp("/proc/sys/kernel/random/uuid", NULL)) != 0);
    snprintf(uuid, sizeof uuid, "%s", slurp("/proc/sys/kernel/random/boot_id", NULL));
    CHECK(strcmp(uuid, slurp("/proc/sys/kernel/random/boot_id", NULL)) == 0);

    CHECK(unshare(CLONE_NEWUTS) == 0 || errno == EINVAL || errno == ENOSYS); /* the host keeps its name */
    struct utsname uts;
    snprintf(before, sizeof before, "%s", slurp("/proc/sys/kernel/hostname", NULL));
    CHECK(uname(&uts) == 0 && strncmp(before, uts.nodename, strlen(uts.nodename)) == 0);
    CHECK(write_file("/proc/sys/kernel/hostname", "another name\nrest"));
    CHECK(file_matches("/proc/sys/kernel/hostname", "another name\n"));
    CHECK(uname(&uts) == 0 && strcmp(uts.nodename, "another name") == 0);
    CHECK(sethostname("third", 5) == 0 && file_matches("/proc/sys/kernel/hostname", "third\n"));
    CHECK(write_file("/proc/sys/kernel/domainname", "example.org") && uname(&uts) == 0 &&
          strcmp(uts.domainname, "example.org") == 0);
    CHECK(write_file("/proc/sys/kernel/hostname", before));
    FAILS(EACCES, open("/proc/sys/kernel/ostype", O_WRONLY));
    FAILS(EACCES, open("/proc/sys/kernel/osrelease", O_RDWR));
    FAILS(EACCES, open("/proc/sys/vm/drop_caches", O_RDONLY));
    CHECK(write_file("/proc/sys/vm/drop_caches", "1\n"));
    int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
    FAILS(EINVAL, (int)write(fd, "x\n", 2));

    close(fd);
}

int main(void)
{
    test_memory();
    test_load();
    test_processors();
    test_kernel();
    test_settings();
    return done();
}
