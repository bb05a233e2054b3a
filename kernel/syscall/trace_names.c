/*
 * The names that trace=syscall (trace.h) shows instead of numbers: of flags, commands and modes, of signals, of errors.
 * A kind of names has an upper-case letter in the table of system calls (table.h), and a row here.
 *
 * Source: open(2), mmap(2), wait4(2), access(2), lseek(2), fcntl(2), sigprocmask(2), clock_gettime(2), ioctl_tty(2).
 */
#include "fs/fs.h"
#include "lib/error_names.h"
#include "lib/printf.h"
#include "lib/signals.h"
#include "lib/string.h"
#include "syscall/handlers.h"
#include "syscall/request.h"
#include "syscall/trace.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define NAME(constant) {constant, #constant}

struct trace_name {
    uint64_t value; /* several bits at once come before those bits alone */
    const char *name;
};

/* The first three are of a choice; pipe2 and its like have only the others. */
static const struct trace_name open_names[] = {NAME(O_RDONLY), NAME(O_WRONLY), NAME(O_RDWR), NAME(O_ACCMODE),
    NAME(O_CREAT), NAME(O_EXCL), NAME(O_NOCTTY), NAME(O_TRUNC), NAME(O_APPEND), NAME(O_NONBLOCK), NAME(O_SYNC),
    NAME(O_DSYNC), NAME(O_ASYNC), NAME(O_DIRECT), NAME(O_LARGEFILE), NAME(O_NOFOLLOW), NAME(O_NOATIME), NAME(O_CLOEXEC),
    NAME(O_PATH), NAME(O_TMPFILE), NAME(O_DIRECTORY)};
static const struct trace_name protection_names[] = {{0, "PROT_NONE"}, {1, "PROT_READ"}, {2, "PROT_WRITE"},
    {4, "PROT_EXEC"}, {8, "PROT_SEM"}, {0x01000000, "PROT_GROWSDOWN"}, {0x02000000, "PROT_GROWSUP"}};
static const struct trace_name map_names[] = {{0, "MAP_FILE"}, {1, "MAP_SHARED"}, {2, "MAP_PRIVATE"},
    {3, "MAP_SHARED_VALIDATE"}, {0x10, "MAP_FIXED"}, {0x20, "MAP_ANONYMOUS"}, {0x40, "MAP_32BIT"},
    {0x4000, "MAP_NORESERVE"}, {0x8000, "MAP_POPULATE"}, {0x10000, "MAP_NONBLOCK"}, {0x100, "MAP_GROWSDOWN"},
    {0x800, "MAP_DENYWRITE"}, {0x1000, "MAP_EXECUTABLE"}, {0x2000, "MAP_LOCKED"}, {0x20000, "MAP_STACK"},
    {0x40000, "MAP_HUGETLB"}, {0x100000, "MAP_FIXED_NOREPLACE"}};
static const struct trace_name wait_names[] = {{1, "WNOHANG"}, {2, "WSTOPPED"}, {4, "WEXITED"}, {8, "WCONTINUED"},
    {0x1000000, "WNOWAIT"}, {0x20000000, "__WNOTHREAD"}, {0x40000000, "__WALL"}, {0x80000000, "__WCLONE"}};
static const struct trace_name access_names[] = {{0, "F_OK"}, {4, "R_OK"}, {2, "W_OK"}, {1, "X_OK"}};
static const struct trace_name whence_names[] = {
    {0, "SEEK_SET"}, {1, "SEEK_CUR"}, {2, "SEEK_END"}, {3, "SEEK_DATA"}, {4, "SEEK_HOLE"}};
static const struct trace_name at_names[] = {
    NAME(AT_SYMLINK_NOFOLLOW), NAME(AT_EACCESS), NAME(AT_SYMLINK_FOLLOW), NAME(AT_NO_AUTOMOUNT), NAME(AT_EMPTY_PATH)};
static const struct trace_name unlink_names[] = {NAME(AT_REMOVEDIR)};
static const struct trace_name fcntl_names[] = {{0, "F_DUPFD"}, {1, "F_GETFD"}, {2, "F_SETFD"}, {3, "F_GETFL"},
    {4, "F_SETFL"}, {5, "F_GETLK"}, {6, "F_SETLK"}, {7, "F_SETLKW"}, {8, "F_SETOWN"}, {9, "F_GETOWN"}, {10, "F_SETSIG"},
    {11, "F_GETSIG"}, {15, "F_SETOWN_EX"}, {16, "F_GETOWN_EX"}, {36, "F_OFD_GETLK"}, {37, "F_OFD_SETLK"},
    {38, "F_OFD_SETLKW"}, {1024, "F_SETLEASE"}, {1025, "F_GETLEASE"}, {1026, "F_NOTIFY"}, {1030, "F_DUPFD_CLOEXEC"},
    {1031, "F_SETPIPE_SZ"}, {1032, "F_GETPIPE_SZ"}, {1033, "F_ADD_SEALS"}, {1034, "F_GET_SEALS"}};
static const struct trace_name mask_names[] = {{0, "SIG_BLOCK"}, {1, "SIG_UNBLOCK"}, {2, "SIG_SETMASK"}};
static const struct trace_name clock_names[] = {{0, "CLOCK_REALTIME"}, {1, "CLOCK_MONOTONIC"},
    {2, "CLOCK_PROCESS_CPUTIME_ID"}, {3, "CLOCK_THREAD_CPUTIME_ID"}, {4, "CLOCK_MONOTONIC_RAW"},
    {5, "CLOCK_REALTIME_COARSE"}, {6, "CLOCK_MONOTONIC_COARSE"}, {7, "CLOCK_BOOTTIME"}, {8, "CLOCK_REALTIME_ALARM"},
    {9, "CLOCK_BOOTTIME_ALARM"}, {11, "CLOCK_TAI"}};
static const struct trace_name ioctl_names[] = {{0x5401, "TCGETS"}, {0x5402, "TCSETS"}, {0x5403, "TCSETSW"},
    {0x5404, "TCSETSF"}, {0x540e, "TIOCSCTTY"}, {0x540f, "TIOCGPGRP"}, {0x5410, "TIOCSPGRP"}, {0x5413, "TIOCGWINSZ"},
    {0x5414, "TIOCSWINSZ"}, {0x541b, "FIONREAD"}, {0x5421, "FIONBIO"}, {0x5422, "TIOCNOTTY"}, {0x5429, "TIOCGSID"}};

/* One value of those in CHOICE's bits, then the names of the other bits. */
#define ALL UINT64_MAX
#define KIND(letter, bits, names) {letter, bits, names, LENGTH(names)}
static const struct kind {
    char letter;
    uint64_t choice;
    const struct trace_name *names;
    size_t count;
} kinds[] = {
    KIND('O', O_ACCMODE, open_names),
    {'N', 0, open_names + 4, LENGTH(open_names) - 4},
    KIND('P', 0, protection_names),
    KIND('M', 0xf, map_names),
    KIND('W', 0, wait_names),
    KIND('R', 0, access_names),
    KIND('H', ALL, whence_names),
    KIND('A', 0, at_names),
    KIND('U', 0, unlink_names),
    KIND('F', ALL, fcntl_names),
    KIND('B', ALL, mask_names),
    KIND('C', ALL, clock_names),
    KIND('I', ALL, ioctl_names),
};

static const char *find_name(const struct kind *kind, uint64_t value)
{
    for (size_t i = 0; i < kind->count; i++)
        if (kind->names[i].value == value)
            return kind->names[i].name;
    return NULL;
}

static void add_bits(struct syscall_trace *trace, const struct kind *kind, uint64_t value)
{
    const char *chosen = kind->choice ? find_name(kind, value & kind->choice) : NULL, *separator = "";
    if (chosen) {
        syscall_trace_add(trace, "%s", chosen);
        separator = "|";
        value &= ~kind->choice;
    }
    for (size_t i = 0; i < kind->count; i++) {
        uint64_t bits = kind->names[i].value;
        if (bits == 0 || bits & kind->choice || (value & bits) != bits)
            continue;
        syscall_trace_add(trace, "%s%s", separator, kind->names[i].name);
        separator = "|";
        value &= ~bits;
    }
    if (value || *separator == '\0')
        syscall_trace_add(trace, "%s%#lx", separator, value);
}

bool syscall_trace_add_names(struct syscall_trace *trace, char letter, uint64_t value)
{
    const struct kind *kind = kinds;
    while (kind < kinds + LENGTH(kinds) && kind->letter != letter)
        kind++;
    if (kind == kinds + LENGTH(kinds))
        return false;
    value &= UINT32_MAX; /* all of them are of an int */
    const char *name = find_name(kind, value);
    if (name && (kind->choice == ALL || value == 0))
        syscall_trace_add(trace, "%s", name);
    else
        add_bits(trace, kind, value);
    return true;
}

void syscall_trace_add_signal(struct syscall_trace *trace, int signal)
{
    static const char *const names[] = {"0", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS",
        "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD",
        "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",
        "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS"};
    _Static_assert(LENGTH(names) == SIGSYS + 1, "the number of a signal is the place of its name");
    if (signal >= 0 && signal <= SIGSYS)
        syscall_trace_add(trace, "%s", names[signal]);
    else
        syscall_trace_add(trace, signal > SIGSYS && signal <= SIGNALS ? "SIGRT_%d" : "%d",
            signal > SIGSYS && signal <= SIGNALS ? signal - SIGSYS - 1 : signal);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Results
 */

static const struct trace_name errors[] =
    {
#define ERROR(error, meaning) {error, #error " (" meaning ")"},
        ERROR_NAMES(ERROR)},
                               restarts[] = {RESTART_NAMES(ERROR)};

static const char *name_of(const struct trace_name *names, size_t count, uint64_t value)
{
    const struct kind kind = {.names = names, .count = count};
    return find_name(&kind, value);
}

/* Addresses in hexadecimal, modes in octal. */
static char result_base(const struct syscall *call)
{
    if (call == NULL)
        return 'd';
    if (call->handler == sys_umask)
        return 'o';
    return call->handler == sys_brk || call->handler == sys_mmap || call->handler == sys_mremap ||
                   call->handler == sys_shmat
               ? 'x'
               : 'd';
}

void syscall_trace_result(char *buffer, size_t size, const struct syscall_trace *trace, long result)
{
    uint64_t error = 0 - (uint64_t)result;
    const char *name;
    if ((name = name_of(errors, LENGTH(errors), error)))
        snprintf(buffer, size, "= -1 %s", name);
    else if ((name = name_of(restarts, LENGTH(restarts), error)))
        snprintf(buffer, size, "= ? %s", name);
    else if (result_base(trace->call) == 'x')
        snprintf(buffer, size, "= %#lx", result);
    else if (result_base(trace->call) == 'o')
        snprintf(buffer, size, "= %#03lo", result);
    else
        snprintf(buffer, size, "= %ld", result);
}
