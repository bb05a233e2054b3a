/*
 * What the files of this folder know of each other: root.c has the root, the others a subtree each.
 */
#ifndef CORRODE_SYSFS_SYSFS_INTERNAL_H
#define CORRODE_SYSFS_SYSFS_INTERNAL_H

#include "fs/pseudo.h"

/* Lines of tables. */
#define SYS_FILE(entry_name, function) {.name = (entry_name), .mode = S_IFREG | 0444, .show = (function)}
#define SYS_NUMBERED(entry_name, function, number)                                                                     \
    {.name = (entry_name), .mode = S_IFREG | 0444, .show = (function), .argument = (number)}
#define SYS_DIRECTORY(entry_name, table) {.name = (entry_name), .mode = S_IFDIR | 0755, .entries = (table)}
#define SYS_CHILDREN(entry_name, numbers) {.name = (entry_name), .mode = S_IFDIR | 0755, .children = (numbers)}
#define SYS_EMPTY(entry_name) {.name = (entry_name), .mode = S_IFDIR | 0755}
#define SYS_TEXT(entry_name, string)                                                                                   \
    {.name = (entry_name), .mode = S_IFREG | 0444, .show = sysfs_show_text, .argument = (uintptr_t)(string)}

typedef int sysfs_show(struct text *out, const struct pseudo_node *node);

sysfs_show sysfs_show_text; /* the string that the entry's argument is */

/* cpu.c: /sys/devices/system */
extern const struct pseudo_entry sysfs_system_entries[];

/* pci.c: /sys/devices/pci0000:00 and /sys/bus/pci */
extern const struct pseudo_children sysfs_pci_devices, sysfs_pci_links;

/* device.c: /sys/class and /sys/dev */
extern const struct pseudo_entry sysfs_class_entries[], sysfs_dev_entries[];

#endif
