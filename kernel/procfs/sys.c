/*
 * /proc/sys: the kernel's settings. What can be changed is writable; what others have as a setting and here is a fact
 * can only be read. Not even root opens a file for writing that is not writable, as on Linux.
 *
 * Source: Linux Documentation/admin-guide/sysctl/.
 */
#include "procfs/procfs_internal.h"

#include "fs/dentry.h"
#include "fs/inotify.h"
#include "fs/pipe.h"
#include "ipc/message.h"
#include "ipc/semaphore.h"
#include "ipc/shared_memory.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log.h"
#include "mm/slab.h"
#include "proc/numbers.h"
#include "proc/uts.h"
#include "random.h"

static int open_setting(const struct pseudo_node *node, unsigned flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY, reads = (flags & O_ACCMODE) != O_WRONLY;
    uint32_t mode = node->entry->mode;
    return (writes && !(mode & 0222)) || (reads && !(mode & 0444)) ? -EACCES : 0;
}

#define FACT(entry_name, function)                                                                                     \
    {.name = (entry_name), .mode = S_IFREG | 0444, .show = (function), .open = open_setting}
#define SETTING(entry_name, function, setter)                                                                          \
    {.name = (entry_name), .mode = S_IFREG | 0644, .show = (function), .store = (setter), .open = open_setting}
#define NUMBER(entry_name, value)                                                                                      \
    {.name = (entry_name), .mode = S_IFREG | 0444, .show = show_number, .open = open_setting, .argument = (value)}

static int show_number(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%lu\n", node->entry->argument);
    return 0;
}

/* One number from what somebody wrote; blanks around it are nothing. */
static bool parse_number(const char *text, size_t length, uint64_t *number)
{
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' ' || text[length - 1] == '\0'))
        length--;
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(*number, 10ul, number) ||
            __builtin_add_overflow(*number, (uint64_t)(text[i] - '0'), number))
            return false;
    }
    return length > 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * kernel: names
 */

/* Entries' arguments: where the name is in struct uts. */
static int show_name(struct text *out, const struct pseudo_node *node)
{
    struct uts uts;
    uts_get(&uts);
    text_printf(out, "%s\n", (const char *)&uts + node->entry->argument);
    return 0;
}

/* The first line counts; what is too long is cut. */
static int store_name(const struct pseudo_node *node, const char *text, size_t length)
{
    size_t used = 0;
    while (used < length && text[used] != '\n' && text[used] != '\0')
        used++;
    used = min_u64(used, UTS_LENGTH - 1);
    return node->entry->argument == offsetof(struct uts, node) ? uts_set_node(text, used) : uts_set_domain(text, used);
}

#define NAME(entry_name, member)                                                                                       \
    {.name = (entry_name),                                                                                             \
        .mode = S_IFREG | 0444,                                                                                        \
        .show = show_name,                                                                                             \
        .open = open_setting,                                                                                          \
        .argument = offsetof(struct uts, member)}
#define NAME_SETTING(entry_name, member)                                                                               \
    {.name = (entry_name),                                                                                             \
        .mode = S_IFREG | 0644,                                                                                        \
        .show = show_name,                                                                                             \
        .store = store_name,                                                                                           \
        .open = open_setting,                                                                                          \
        .argument = offsetof(struct uts, member)}

/* ------------------------------------------------------------------------------------------------------------------
 * kernel: the log
 */

/* Levels that appear on the console are below the first number; the others have no meaning here. */
static int show_printk(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%d\t%d\t1\t%d\n", log_get_level() + 1, LOG_WARNING, LOG_NOTICE + 1);
    return 0;
}

static int store_printk(const struct pseudo_node *node, const char *text, size_t length)
{
    size_t first = 0;
    uint64_t level;
    while (first < length && text[first] != ' ' && text[first] != '\t')
        first++;
    if (!parse_number(text, first, &level) || level < 1 || level > LOG_DEBUG + 1)
        return -EINVAL;
    log_set_level((enum log_level)(level - 1));
    return 0;
}

static int show_dmesg_restrict(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%d\n", __atomic_load_n(&log_restricted, __ATOMIC_RELAXED));
    return 0;
}

static int store_dmesg_restrict(const struct pseudo_node *node, const char *text, size_t length)
{
    uint64_t value;
    if (!parse_number(text, length, &value) || value > 1)
        return -EINVAL;
    if (!procfs_reader_can(CAP_SYS_ADMIN))
        return -EPERM;
    __atomic_store_n(&log_restricted, value != 0, __ATOMIC_RELAXED);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * kernel/random
 */

/* Version 4, variant 1: RFC 9562, 5.4. */
static void show_uuid(struct text *out, uint8_t bytes[16])
{
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    for (unsigned i = 0; i < 16; i++)
        text_printf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    text_puts(out, "\n");
}

static int show_new_uuid(struct text *out, const struct pseudo_node *node)
{
    uint8_t bytes[16];
    random_bytes(bytes, sizeof bytes);
    show_uuid(out, bytes);
    return 0;
}

static uint8_t boot_id[16];

static int show_boot_id(struct text *out, const struct pseudo_node *node)
{
    uint8_t bytes[16];
    memcpy(bytes, boot_id, sizeof bytes);
    show_uuid(out, bytes);
    return 0;
}

void procfs_sys_init(void)
{
    random_bytes(boot_id, sizeof boot_id);
}

#define POOL_BITS 256

static int show_entropy(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%d\n", random_ready() ? POOL_BITS : 0);
    return 0;
}

static const struct pseudo_entry random_entries[] = {
    FACT("boot_id", show_boot_id),
    FACT("entropy_avail", show_entropy),
    NUMBER("poolsize", POOL_BITS),
    FACT("uuid", show_new_uuid),
    {},
};

/* ------------------------------------------------------------------------------------------------------------------
 * kernel: limits that are numbers elsewhere, at the entry's argument
 */

static int show_value(struct text *out, const struct pseudo_node *node)
{
    const uint64_t *value = (const uint64_t *)node->entry->argument;
    text_printf(out, "%lu\n", __atomic_load_n(value, __ATOMIC_RELAXED));
    return 0;
}

static int store_value(const struct pseudo_node *node, const char *text, size_t length)
{
    uint64_t value;
    if (!parse_number(text, length, &value))
        return -EINVAL;
    __atomic_store_n((uint64_t *)node->entry->argument, value, __ATOMIC_RELAXED);
    return 0;
}

#define VALUE(entry_name, where)                                                                                       \
    {.name = (entry_name),                                                                                             \
        .mode = S_IFREG | 0644,                                                                                        \
        .show = show_value,                                                                                            \
        .store = store_value,                                                                                          \
        .open = open_setting,                                                                                          \
        .argument = (uintptr_t)(where)}

static int show_sem(struct text *out, const struct pseudo_node *node)
{
    const struct semaphore_limits *limits = &semaphore_limits;
    text_printf(out, "%lu\t%lu\t%lu\t%lu\n", limits->each, limits->all, limits->operations, limits->sets);
    return 0;
}

static const struct pseudo_entry kernel_entries[] = {
    NUMBER("cap_last_cap", CAP_LAST),
    {.name = "core_pattern", .mode = S_IFREG | 0444, .show = procfs_show_text, .argument = (uintptr_t)"\n"},
    SETTING("dmesg_restrict", show_dmesg_restrict, store_dmesg_restrict),
    NAME_SETTING("domainname", domain),
    NAME_SETTING("hostname", node),
    VALUE("msgmax", &message_limits.size),
    VALUE("msgmnb", &message_limits.queue_bytes),
    VALUE("msgmni", &message_limits.queues),
    NUMBER("ngroups_max", 65536),
    NAME("osrelease", release),
    NAME("ostype", system),
    NUMBER("overflowgid", 65534),
    NUMBER("overflowuid", 65534),
    NUMBER("pid_max", NUMBERS_MAX),
    SETTING("printk", show_printk, store_printk),
    PROC_DIRECTORY("random", random_entries),
    NUMBER("randomize_va_space", 2),
    FACT("sem", show_sem),
    VALUE("shmall", &shared_memory_limits.pages),
    VALUE("shmmax", &shared_memory_limits.size),
    VALUE("shmmni", &shared_memory_limits.segments),
    NUMBER("tainted", 0),
    NUMBER("threads-max", NUMBERS_MAX),
    NAME("version", version),
    {},
};

/* ------------------------------------------------------------------------------------------------------------------
 * vm, fs, net
 */

static int store_drop_caches(const struct pseudo_node *node, const char *text, size_t length)
{
    uint64_t what;
    if (!parse_number(text, length, &what) || what < 1 || what > 7)
        return -EINVAL;
    page_shrink(); /* there is nothing else: names that nobody holds go at once, and files are nowhere but in memory */
    return 0;
}

static int show_min_free(struct text *out, const struct pseudo_node *node)
{
    struct page_zone_report zone;
    uint64_t pages = 0;
    for (unsigned i = 0; page_zone_report(i, &zone); i++)
        pages += zone.frames ? zone.reserve : 0;
    text_printf(out, "%lu\n", pages * (PAGE_SIZE / 1024));
    return 0;
}

static const struct pseudo_entry vm_entries[] = {
    {.name = "drop_caches", .mode = S_IFREG | 0200, .store = store_drop_caches, .open = open_setting},
    NUMBER("max_map_count", VM_AREAS_MAX),
    FACT("min_free_kbytes", show_min_free),
    NUMBER("mmap_min_addr", VM_ADDRESS_MIN),
    NUMBER("overcommit_memory", 0), /* what is absurd is refused */
    NUMBER("swappiness", 0),
    {},
};

static int show_file_count(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%lu\t0\t%ld\n", file_count(), INT64_MAX);
    return 0;
}

static int show_inode_count(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%lu\t0\n", inode_count());
    return 0;
}

static int show_dentry_state(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%lu\t0\t0\t0\t0\t0\n", dentry_count());
    return 0;
}

static const struct pseudo_entry inotify_entries[] = {
    NUMBER("max_queued_events", INOTIFY_EVENTS_MAX),
    {},
};

static const struct pseudo_entry fs_entries[] = {
    FACT("dentry-state", show_dentry_state),
    NUMBER("file-max", INT64_MAX), /* as many as there is memory for */
    FACT("file-nr", show_file_count),
    FACT("inode-nr", show_inode_count),
    PROC_DIRECTORY("inotify", inotify_entries),
    NUMBER("nr_open", FILES_MAX),
    NUMBER("pipe-max-size", PIPE_SIZE_MAX),
    {},
};

static const struct pseudo_entry net_core_entries[] = {
    NUMBER("somaxconn", 4096),
    {},
};
static const struct pseudo_entry net_entries[] = {
    PROC_DIRECTORY("core", net_core_entries),
    {},
};

const struct pseudo_entry procfs_sys_entries[] = {
    PROC_DIRECTORY("fs", fs_entries),
    PROC_DIRECTORY("kernel", kernel_entries),
    PROC_DIRECTORY("net", net_entries),
    PROC_DIRECTORY("vm", vm_entries),
    {},
};
