/*
 * trace=syscall: a line in the log for each system call, `name(arguments) = result`, the arguments as the table says.
 * Strings and buffers are read from the program when the call has been made.
 */
#include "arch/x86_64/user.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log.h"
#include "proc/proc.h"
#include "syscall/syscall.h"

#define LOG_NAME "trace"
#define TEXT_MAX 32 /* bytes shown of a string */

struct line {
    char text[LOG_MESSAGE_MAX];
    size_t length;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    size_t room = sizeof line->text - line->length;
    va_start(arguments, format);
    size_t length = (size_t)vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    line->length += min_u64(length, room - 1);
}

/* LENGTH bytes, or up to a NUL; unreadable ones as an address. */
static void add_text(struct line *line, uaddr_t address, size_t length, bool is_string)
{
    char text[TEXT_MAX];
    size_t got = min_u64(length, sizeof text);
    got -= user_read(text, address, got);
    if (is_string)
        got = strnlen(text, got);
    if (got == 0 && length > 0) {
        add(line, "%#lx", address);
        return;
    }
    add(line, "\"");
    for (size_t i = 0; i < got; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n')
            add(line, "\\n");
        else if (c < 32 || c > 126 || c == '"' || c == '\\')
            add(line, "\\x%02x", c);
        else
            add(line, "%c", c);
    }
    add(line, got == sizeof text ? "\"..." : "\"");
}

static void add_argument(struct line *line, char kind, const uint64_t *value)
{
    switch (kind) {
    case 'p': add_text(line, *value, TEXT_MAX, true); break;
    case 'b': add_text(line, *value, value[1], false); break;
    case 'f':
    case 'd':
    case 'i': add(line, (int)*value == -100 && kind == 'd' ? "AT_FDCWD" : "%d", (int)*value); break;
    case 'z': add(line, "%lu", *value); break;
    case 'o': add(line, "0%o", (unsigned)*value); break;
    default: add(line, *value ? "%#lx" : "NULL", *value);
    }
}

void syscall_trace(uint64_t number, const uint64_t arguments[6], long result)
{
    struct line line = {.length = 0};
    const struct syscall *call = number < SYSCALL_COUNT && syscalls[number].name ? &syscalls[number] : NULL;
    const char *kinds = call ? call->kinds : "xxxxxx";
    if (call)
        add(&line, "%s(", call->name);
    else
        add(&line, "call_%lu(", number);
    for (unsigned i = 0; kinds[i]; i++) {
        add(&line, i ? ", " : "%s", "");
        add_argument(&line, kinds[i], &arguments[i]);
    }
    add(&line, result > 0xffff || result < -4095 ? ") = %#lx" : ") = %ld", result);
    log_notice("%s (%d) %s", task_current()->process->name, task_current()->number, line.text);
}
