/*
 * Understanding QMP: see qmp.h. QEMU starts with the machine stopped (-S), so that no event is missed: the first thing
 * we do, after the mandatory negotiation, is to let it go.
 * Source: QEMU's QMP reference, "qemu-qmp-ref".
 */
#include "qmp.h"

#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_command(struct qmp *qmp, const char *name)
{
    char line[128];
    int length = snprintf(line, sizeof line, "{\"execute\": \"%s\"}\n", name);
    /* A QEMU that has just gone is noticed at the next read. */
    (void)!send(qmp->fd, line, (size_t)length, MSG_NOSIGNAL);
}

/* The value of "key": "value", anywhere in the line; false when there is none. QEMU never escapes these values. */
static bool find_string(const char *line, const char *key, char *value, size_t size)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\": \"", key);
    const char *at = strstr(line, pattern);
    if (!at)
        return false;
    at += strlen(pattern);
    size_t length = strcspn(at, "\"");
    if (length >= size)
        return false;
    memcpy(value, at, length);
    value[length] = '\0';
    return true;
}

static void on_event(struct qmp *qmp, const char *line, const char *event)
{
    char reason[64] = "";
    find_string(line, "reason", reason, sizeof reason);
    if (strcmp(event, "SHUTDOWN") == 0) {
        qmp->reset |= strcmp(reason, "guest-reset") == 0;
        qmp->killed |= strcmp(reason, "host-signal") == 0;
        qmp->panicked |= strcmp(reason, "guest-panic") == 0;
    } else if (strcmp(event, "GUEST_PANICKED") == 0) {
        qmp->panicked = true;
    } else if (strcmp(event, "STOP") == 0) {
        send_command(qmp, "query-status"); /* by someone at the monitor, or because nothing can go on? */
    }
}

static void on_line(struct qmp *qmp, const char *line)
{
    char value[128], port[32];
    if (strstr(line, "\"QMP\": {")) {
        send_command(qmp, "qmp_capabilities");
        if (qmp->report_vnc)
            send_command(qmp, "query-vnc");
        if (!qmp->hold)
            send_command(qmp, "cont");
    } else if (find_string(line, "event", value, sizeof value)) {
        on_event(qmp, line, value);
    } else if (find_string(line, "status", value, sizeof value)) {
        if (strcmp(value, "internal-error") == 0) {
            qmp->panicked = true;
            send_command(qmp, "quit");
        }
    } else if (find_string(line, "service", port, sizeof port) && find_string(line, "host", value, sizeof value)) {
        report_error(NULL, "the screen is at VNC address %s:%s", value, port);
    }
}

void qmp_read(struct qmp *qmp)
{
    ssize_t count = read(qmp->fd, qmp->buffer + qmp->used, sizeof qmp->buffer - 1 - qmp->used);
    if (count < 0 && errno == EINTR)
        return;
    if (count <= 0) {
        close(qmp->fd);
        qmp->fd = -1;
        return;
    }
    qmp->used += (size_t)count;
    qmp->buffer[qmp->used] = '\0';
    char *line = qmp->buffer, *end;
    while ((end = strchr(line, '\n'))) {
        *end = '\0';
        on_line(qmp, line);
        line = end + 1;
    }
    qmp->used -= (size_t)(line - qmp->buffer);
    memmove(qmp->buffer, line, qmp->used);
    if (qmp->used == sizeof qmp->buffer - 1)
        qmp->used = 0; /* no line that matters is so long */
}
