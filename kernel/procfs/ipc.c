/*
 * /proc/sysvipc: the System V IPC objects that there are, a line each, whoever may use them.
 *
 * Source: proc(5), svipc(7).
 */
#include "ipc/message.h"
#include "ipc/semaphore.h"
#include "ipc/shared_memory.h"
#include "proc/numbers.h"
#include "procfs/procfs_internal.h"

static int show_shared_memory(struct text *out, const struct pseudo_node *node)
{
    struct shared_memory_totals totals;
    struct shared_memory_report report;
    text_puts(out,
        "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime  "
        "    dtime      ctime                   rss                  swap\n");
    shared_memory_totals(&totals);
    for (int i = 0; i <= totals.highest; i++) {
        if (shared_memory_report(IPC_BY_INDEX_ANY, i, &report) < 0)
            continue;
        const struct ipc_permissions *permissions = &report.ipc.permissions;
        text_printf(out, "%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u ", permissions->key, report.ipc.id,
            permissions->mode, report.size, number_translate(report.creator), number_translate(report.last),
            report.attachments, permissions->uid, permissions->gid, permissions->creator_uid, permissions->creator_gid);
        text_printf(out, "%10lu %10lu %10lu %21lu %21u\n", (uint64_t)report.attached, (uint64_t)report.detached,
            (uint64_t)report.changed, report.resident * PAGE_SIZE, 0u);
    }
    return 0;
}

static int show_semaphores(struct text *out, const struct pseudo_node *node)
{
    struct semaphore_totals totals;
    struct semaphore_report report;
    text_puts(out, "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n");
    semaphores_totals(&totals);
    for (int i = 0; i <= totals.highest; i++) {
        if (semaphores_report(IPC_BY_INDEX_ANY, i, &report) < 0)
            continue;
        const struct ipc_permissions *permissions = &report.ipc.permissions;
        text_printf(out, "%10d %10d  %4o %10lu %5u %5u %5u %5u %10lu %10lu\n", permissions->key, report.ipc.id,
            permissions->mode, report.count, permissions->uid, permissions->gid, permissions->creator_uid,
            permissions->creator_gid, (uint64_t)report.operated, (uint64_t)report.changed);
    }
    return 0;
}

static int show_messages(struct text *out, const struct pseudo_node *node)
{
    struct message_totals totals;
    struct message_report report;
    text_puts(out,
        "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      "
        "rtime      ctime\n");
    messages_totals(&totals);
    for (int i = 0; i <= totals.highest; i++) {
        if (messages_report(IPC_BY_INDEX_ANY, i, &report) < 0)
            continue;
        const struct ipc_permissions *permissions = &report.ipc.permissions;
        text_printf(out, "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u %10lu %10lu %10lu\n", permissions->key,
            report.ipc.id, permissions->mode, report.bytes, report.messages, number_translate(report.sender),
            number_translate(report.receiver), permissions->uid, permissions->gid, permissions->creator_uid,
            permissions->creator_gid, (uint64_t)report.sent, (uint64_t)report.received, (uint64_t)report.changed);
    }
    return 0;
}

const struct pseudo_entry procfs_sysvipc_entries[] = {
    PROC_FILE("msg", show_messages),
    PROC_FILE("sem", show_semaphores),
    PROC_FILE("shm", show_shared_memory),
    {},
};
