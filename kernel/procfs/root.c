/*
 * The root of /proc: one line for each name; processes are numbers (process.c).
 */
#include "proc/numbers.h"
#include "procfs/process.h"
#include "procfs/procfs.h"

#define PROC_SUPER_MAGIC 0x9fa0

static int refresh(struct inode *inode, const struct pseudo_node *node)
{
    int error = subject_refresh(inode, node);
    return error || node->entry != &process_fd_children.entry ? error : process_fd_refresh(inode, node);
}

static const struct pseudo_entry entries[] = {
    PROC_FILE("buddyinfo", procfs_show_buddyinfo),
    PROC_FILE("cmdline", procfs_show_cmdline),
    PROC_FILE("consoles", procfs_show_consoles),
    PROC_FILE("cpuinfo", procfs_show_cpuinfo),
    PROC_FILE("devices", procfs_show_devices),
    PROC_TEXT("diskstats", ""),
    PROC_TEXT("execdomains", "0-0\tLinux           \t[kernel]\n"),
    PROC_FILE("filesystems", procfs_show_filesystems),
    PROC_FILE("interrupts", procfs_show_interrupts),
    PROC_FILE("kallsyms", procfs_show_kallsyms),
    {.name = "kmsg", .mode = S_IFREG | 0400, .file_ops = &procfs_kmsg_ops},
    PROC_FILE("loadavg", procfs_show_loadavg),
    PROC_FILE("locks", procfs_show_locks),
    PROC_FILE("meminfo", procfs_show_meminfo),
    PROC_TEXT("misc", ""),
    PROC_LINK("mounts", "self/mounts"),
    PROC_TEXT("modules", ""),
    PROC_LINK("net", "self/net"),
    PROC_TEXT("partitions", "major minor  #blocks  name\n\n"),
    PROC_SECRET("slabinfo", procfs_show_slabinfo),
    PROC_FILE("stat", procfs_show_stat),
    PROC_TEXT("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
    PROC_DIRECTORY("sys", procfs_sys_entries),
    {.name = "self", .mode = S_IFLNK | 0777, .target = process_show_self},
    PROC_DIRECTORY("sysvipc", procfs_sysvipc_entries),
    {.name = "thread-self", .mode = S_IFLNK | 0777, .target = process_show_thread_self},
    PROC_DIRECTORY("tty", procfs_tty_entries),
    PROC_FILE("uptime", procfs_show_uptime),
    PROC_FILE("version", procfs_show_version),
    PROC_FILE("vmstat", procfs_show_vmstat),
    PROC_FILE("zoneinfo", procfs_show_zoneinfo),
    {},
};

/* It shows the processes of the namespace that whoever has mounted it is in. */
static int mount(struct superblock *super, const char *source, const char *options)
{
    struct number_space *space = number_space_current();
    super->data = space;
    int error = pseudo_mount(super, source, options);
    if (!error)
        namespace_get(&space->namespace);
    return error;
}

static void unmount(struct superblock *super)
{
    struct number_space *space = super->data;
    pseudo_unmount(super);
    namespace_put(&space->namespace);
}

static const struct pseudo_filesystem procfs = {
    .type = {.name = "proc", .mount = mount, .unmount = unmount, .report = pseudo_report},
    .magic = PROC_SUPER_MAGIC,
    .root = &(const struct pseudo_entry){.mode = S_IFDIR | 0555, .entries = entries, .children = &process_children},
    .changes = true,
    .refresh = refresh,
};

void procfs_init(void)
{
    procfs_load_init();
    procfs_sys_init();
    filesystem_register(&procfs.type);
}
