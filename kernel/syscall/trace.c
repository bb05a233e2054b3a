/*
 * trace=syscall: see trace.h. The line is made in two parts, because a call takes away what it was asked (execve the
 * whole memory, exit itself), and what it fills is not there before: the arguments up to the first that it fills are
 * written before the call, the others and the result after it.
 *
 * Strings and buffers are escaped as in C, and those that are data are cut after TEXT_MAX bytes; what cannot be read is
 * an address. Other processes write their lines meanwhile: there is one line for each call, at its end.
 *
 * Source: strace(1).
 */
#include "syscall/trace.h"

#include "arch/x86_64/user.h"
#include "fs/fs.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "proc/proc.h"
#include "syscall/handlers.h"
#include "syscall/request.h"

#define LOG_NAME "trace"
#define TEXT_MAX 32           /* bytes shown of a string, or of a buffer */
#define RESULT_MAX 72         /* "= ? ERESTARTSYS (To be restarted if SA_RESTART is set)" */
#define FILLED_KINDS "rswe"   /* what the call fills: table.h */
#define PATH_SHOWN UINT64_MAX /* as much of it as there is room for */

void syscall_trace_add(struct syscall_trace *trace, const char *format, ...)
{
    va_list arguments;
    size_t room = sizeof trace->text - trace->length;
    if (trace->cut)
        return;
    va_start(arguments, format);
    size_t length = (size_t)vsnprintf(trace->text + trace->length, room, format, arguments);
    va_end(arguments);
    trace->cut = length >= room;
    trace->length = (uint16_t)(trace->length + min_u64(length, room - 1));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Texts
 */

/* NEXT is the byte after it: an octal number before a digit has all its digits. */
static void add_byte(struct syscall_trace *trace, unsigned char byte, unsigned char next)
{
    static const char named[] = "\t\n\v\f\r\"\\", names[] = "tnvfr\"\\";
    const char *at = byte ? strchr(named, byte) : NULL;
    if (at)
        syscall_trace_add(trace, "\\%c", names[at - named]);
    else if (byte >= ' ' && byte <= '~')
        syscall_trace_add(trace, "%c", byte);
    else
        syscall_trace_add(trace, next >= '0' && next <= '7' ? "\\%03o" : "\\%o", byte);
}

/* LENGTH bytes, or (IS_STRING) up to a NUL; at most MOST of them are shown. Read piece by piece. */
static void add_text(struct syscall_trace *trace, uaddr_t address, uint64_t length, uint64_t most, bool is_string)
{
    char piece[TEXT_MAX + 1];
    bool more = true;
    if (address == 0 || (length > 0 && user_read(piece, address, 1) > 0)) {
        syscall_trace_add(trace, address ? "%#lx" : "NULL", address);
        return;
    }
    syscall_trace_add(trace, "\"");
    for (uint64_t done = 0; more && done < min_u64(length, most) && !trace->cut; done += TEXT_MAX) {
        size_t wanted = min_u64(length - done, sizeof piece);
        size_t got = wanted - user_read(piece, address + done, wanted);
        size_t shown = is_string ? strnlen(piece, got) : got;
        more = shown == sizeof piece;
        shown = min_u64(shown, TEXT_MAX);
        for (size_t i = 0; i < shown; i++)
            add_byte(trace, (unsigned char)piece[i], i + 1 < got ? (unsigned char)piece[i + 1] : 0);
    }
    syscall_trace_add(trace, more && length > most ? "\"..." : "\"");
}

/* Strings that a NULL ends. */
static void add_vector(struct syscall_trace *trace, uaddr_t address)
{
    uint64_t string;
    if (address == 0 || copy_from_user(&string, address) < 0) {
        syscall_trace_add(trace, address ? "%#lx" : "NULL", address);
        return;
    }
    syscall_trace_add(trace, "[");
    for (unsigned i = 0; string && !trace->cut; i++) {
        syscall_trace_add(trace, i ? ", " : "%s", "");
        add_text(trace, string, UINT64_MAX, TEXT_MAX, true);
        address += sizeof string;
        if (copy_from_user(&string, address) < 0) {
            syscall_trace_add(trace, ", ... /* %#lx */", address);
            break;
        }
    }
    syscall_trace_add(trace, "]");
}

/* ------------------------------------------------------------------------------------------------------------------
 * Structures
 */

static void add_wait_status(struct syscall_trace *trace, unsigned status)
{
    unsigned signal = status & 0x7f;
    if (status == 0xffff) {
        syscall_trace_add(trace, "[{WIFCONTINUED(s)}]");
    } else if (signal == 0) {
        syscall_trace_add(trace, "[{WIFEXITED(s) && WEXITSTATUS(s) == %u}]", status >> 8);
    } else if (signal == 0x7f) {
        syscall_trace_add(trace, "[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
        syscall_trace_add_signal(trace, (int)(status >> 8));
        syscall_trace_add(trace, "}]");
    } else {
        syscall_trace_add(trace, "[{WIFSIGNALED(s) && WTERMSIG(s) == ");
        syscall_trace_add_signal(trace, (int)signal);
        syscall_trace_add(trace, status & 0x80 ? " && WCOREDUMP(s)}]" : "}]");
    }
}

/* What the call has filled; false: nothing. SIZE is the argument after it. */
static bool add_filled(struct syscall_trace *trace, char kind, uaddr_t address, uint64_t size, long result)
{
    int words[2];
    switch (kind) {
    case 'r':
        if (result >= 0)
            add_text(trace, address, min_u64((uint64_t)result, size), TEXT_MAX, false);
        return result >= 0;
    case 's':
        if (result >= 0)
            add_text(trace, address, UINT64_MAX, PATH_SHOWN, true);
        return result >= 0;
    case 'e':
        if (result < 0 || copy_from_user(&words, address) < 0)
            return false;
        syscall_trace_add(trace, "[%d, %d]", words[0], words[1]);
        return true;
    default: /* 'w' */
        if (result <= 0 || address == 0 || copy_from_user(&words[0], address) < 0)
            return false;
        add_wait_status(trace, (unsigned)words[0]);
        return true;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The line
 */

static void add_argument(struct syscall_trace *trace, unsigned i)
{
    uint64_t value = trace->arguments[i];
    char kind = trace->kinds[i];
    switch (kind) {
    case 'p': add_text(trace, value, UINT64_MAX, PATH_SHOWN, true); break;
    case 'b': add_text(trace, value, trace->arguments[i + 1], TEXT_MAX, false); break;
    case 'v': add_vector(trace, value); break;
    case 'f':
    case 'd':
    case 'i': syscall_trace_add(trace, (int)value == AT_FDCWD && kind == 'd' ? "AT_FDCWD" : "%d", (int)value); break;
    case 'l': syscall_trace_add(trace, "%ld", (long)value); break;
    case 'z': syscall_trace_add(trace, "%lu", value); break;
    case 'o': syscall_trace_add(trace, "%#03o", (unsigned)value); break;
    case 'x': syscall_trace_add(trace, "%#lx", value); break;
    case 'S': syscall_trace_add_signal(trace, (int)value); break;
    default:
        if (!syscall_trace_add_names(trace, kind, value))
            syscall_trace_add(trace, value ? "%#lx" : "NULL", value);
    }
}

/* open has a mode only when it may make the file. */
static bool is_meaningless(const struct syscall_trace *trace, unsigned i)
{
    return i > 0 && trace->kinds[i] == 'o' && trace->kinds[i - 1] == 'O' && !(trace->arguments[i - 1] & O_CREAT) &&
           (trace->arguments[i - 1] & O_TMPFILE) != O_TMPFILE;
}

/* The arguments from the next on, up to one of the kinds UNTIL. */
static void add_arguments(struct syscall_trace *trace, const char *until, long result)
{
    for (; trace->kinds[trace->next]; trace->next++) {
        unsigned i = trace->next;
        char kind = trace->kinds[i];
        if (strchr(until, kind))
            return;
        if (is_meaningless(trace, i))
            continue;
        syscall_trace_add(trace, i ? ", " : "%s", "");
        if (strchr(FILLED_KINDS, kind) == NULL ||
            !add_filled(trace, kind, trace->arguments[i], i < 5 ? trace->arguments[i + 1] : 0, result))
            add_argument(trace, i);
    }
}

static void write_line(struct syscall_trace *trace, const char *result)
{
    const struct task *task = task_current();
    log_notice("%s (%d) %s%s) %s", task->process->name, task->number, trace->text, trace->cut ? "..." : "", result);
}

void syscall_trace_begin(struct syscall_trace *trace, uint64_t number, const uint64_t arguments[6])
{
    trace->call = number < SYSCALL_COUNT && syscalls[number].name ? &syscalls[number] : NULL;
    trace->kinds = trace->call ? trace->call->kinds : "xxxxxx";
    memcpy(trace->arguments, arguments, sizeof trace->arguments);
    trace->next = 0;
    trace->length = 0;
    trace->cut = false;
    if (trace->call)
        syscall_trace_add(trace, "%s(", trace->call->name);
    else
        syscall_trace_add(trace, "syscall_%#lx(", number);
    add_arguments(trace, FILLED_KINDS, 0);
    if (trace->call && (trace->call->handler == sys_exit || trace->call->handler == sys_exit_group))
        write_line(trace, "= ?");
}

void syscall_trace_end(struct syscall_trace *trace, long value)
{
    char result[RESULT_MAX];
    add_arguments(trace, "", value);
    syscall_trace_result(result, sizeof result, trace, value);
    write_line(trace, result);
}
