/*
 * /proc/net/unix and /proc/locks: who talks with whom, and who has locked what.
 *
 * Source: proc(5), "/proc/net/unix", "/proc/locks".
 */
#include "proc/numbers.h"
#include "procfs/procfs_internal.h"

#include "fs/lock.h"
#include "lib/string.h"
#include "net/unix.h"

#define LISTENS 0x10000u /* a bit of the column Flags */

/* States of the column St. */
#define UNCONNECTED 1
#define CONNECTED 3

/* A name that is none of a file's begins with a NUL, and is shown with @ in its place, and for each NUL after it. */
static void put_name(struct text *out, const struct unix_name *name)
{
    size_t length = name->length - UNIX_PATH_OFFSET;
    text_puts(out, " ");
    if (name->address.bytes[0]) {
        text_put(out, name->address.bytes, strnlen(name->address.bytes, length));
        return;
    }
    for (size_t i = 0; i < length; i++)
        text_put(out, name->address.bytes[i] ? &name->address.bytes[i] : "@", 1);
}

static void show_socket(void *context, const struct unix_socket *socket)
{
    struct text *out = context;
    const struct file *file = socket->socket.file;
    text_printf(out, "%016x: %08X %08X %08X %04X %02X %5lu", 0, socket->references, 0,
        socket->state == UNIX_LISTENING ? LISTENS : 0, socket->socket.type,
        socket->state == UNIX_CONNECTED || socket->peer ? CONNECTED : UNCONNECTED, file ? file->inode->number : 0);
    if (socket->name)
        put_name(out, socket->name);
    text_puts(out, "\n");
}

int procfs_show_unix(struct text *out, const struct pseudo_node *node)
{
    text_puts(out, "Num       RefCount Protocol Flags    Type St Inode Path\n");
    unix_each(show_socket, out);
    return 0;
}

struct lock_lines {
    struct text *out;
    unsigned count;
};

static void show_lock(void *context, const struct lock_report *report)
{
    struct lock_lines *list = context;
    const struct lock_range *range = &report->range;
    uint64_t device = report->inode->super ? report->inode->super->device : 0;
    text_printf(list->out, "%u: %s ADVISORY  %s %d 00:%02lx:%lu ", ++list->count,
        report->whole    ? "FLOCK "
        : range->of_file ? "OFDLCK"
                         : "POSIX ",
        range->type == F_WRLCK ? "WRITE" : "READ", range->of_file && !report->whole ? -1 : number_translate(range->pid),
        device, report->inode->number);
    if (report->whole || range->end == INT64_MAX)
        text_printf(list->out, "%lu EOF\n", report->whole ? 0 : range->start);
    else
        text_printf(list->out, "%lu %lu\n", range->start, range->end);
}

int procfs_show_locks(struct text *out, const struct pseudo_node *node)
{
    struct lock_lines list = {.out = out};
    locks_report(show_lock, &list);
    return 0;
}
