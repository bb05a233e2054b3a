/*
 * The root of /sys, and what is small in it.
 */
#include "sysfs/sysfs.h"
#include "sysfs/sysfs_internal.h"

#define SYSFS_MAGIC 0x62656572

int sysfs_show_text(struct text *out, const struct pseudo_node *node)
{
    text_puts(out, (const char *)node->entry->argument);
    return 0;
}

static const struct pseudo_entry pci_entries[] = {
    SYS_CHILDREN("devices", &sysfs_pci_links),
    {},
};
static const struct pseudo_entry bus_entries[] = {
    SYS_DIRECTORY("pci", pci_entries),
    {},
};
static const struct pseudo_entry devices_entries[] = {
    SYS_CHILDREN("pci0000:00", &sysfs_pci_devices),
    SYS_DIRECTORY("system", sysfs_system_entries),
    {},
};

/* Memory comes in pages of 4 KiB only. */
static const struct pseudo_entry huge_page_entries[] = {
    SYS_TEXT("defrag", "always defer defer+madvise madvise [never]\n"),
    SYS_TEXT("enabled", "always madvise [never]\n"),
    {},
};
static const struct pseudo_entry mm_entries[] = {
    SYS_DIRECTORY("transparent_hugepage", huge_page_entries),
    {},
};
static const struct pseudo_entry kernel_entries[] = {
    SYS_TEXT("address_bits", "64\n"),
    SYS_TEXT("cpu_byteorder", "little\n"),
    SYS_DIRECTORY("mm", mm_entries),
    SYS_TEXT("uevent_seqnum", "0\n"),
    {},
};
static const struct pseudo_entry fs_entries[] = {
    SYS_EMPTY("cgroup"), /* a place to mount it on, for who has one */
    {},
};
static const struct pseudo_entry power_entries[] = {
    SYS_TEXT("state", "\n"), /* it does not sleep */
    {},
};

static const struct pseudo_entry entries[] = {
    SYS_EMPTY("block"),
    SYS_DIRECTORY("bus", bus_entries),
    SYS_DIRECTORY("class", sysfs_class_entries),
    SYS_DIRECTORY("dev", sysfs_dev_entries),
    SYS_DIRECTORY("devices", devices_entries),
    SYS_DIRECTORY("fs", fs_entries),
    SYS_DIRECTORY("kernel", kernel_entries),
    SYS_EMPTY("module"),
    SYS_DIRECTORY("power", power_entries),
    {},
};

static const struct pseudo_filesystem sysfs = {
    .type = {.name = "sysfs", .mount = pseudo_mount, .unmount = pseudo_unmount, .report = pseudo_report},
    .magic = SYSFS_MAGIC,
    .root = &(const struct pseudo_entry){.mode = S_IFDIR | 0555, .entries = entries},
    .file_size = PAGE_SIZE,
    .honours_read_only = true,
};

void sysfs_init(void)
{
    filesystem_register(&sysfs.type);
}
