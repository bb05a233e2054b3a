/*
 * Character devices that have a name: /sys/class has a directory for each, by kind, and /sys/dev/char links to them by
 * number, as mdev -s and udevadm look for them. There are no block devices.
 *
 * parts[0] is the device's number (fs/device.h).
 */
#include "sysfs/sysfs_internal.h"

#include "fs/device.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"

/* Kinds of devices: Linux's classes, by major number. */
static const char *class_of(uint32_t number)
{
    switch (number >> 8) {
    case 1: return "mem";
    case 4:
    case 5: return "tty";
    case 10: return "misc";
    default: return NULL;
    }
}

static bool is_shown(const struct device *device)
{
    return device->name && strchr(device->name, '/') == NULL && class_of(device->number);
}

static const struct device *find_number(uint32_t number)
{
    unsigned index = 0;
    for (const struct device *device; (device = device_at(&index)) != NULL;)
        if (device->number == number && is_shown(device))
            return device;
    return NULL;
}

/* The console has a line of its own in its table, whose argument is its number. */
static const struct device *device_of(const struct pseudo_node *node)
{
    return find_number((uint32_t)(node->parts[0] ? node->parts[0] : node->entry->argument));
}

static int show_number(struct text *out, const struct pseudo_node *node)
{
    const struct device *device = device_of(node);
    if (device)
        text_printf(out, "%u:%u\n", device->number >> 8, device->number & 0xff);
    return device ? 0 : -ENODEV;
}

static int show_event(struct text *out, const struct pseudo_node *node)
{
    const struct device *device = device_of(node);
    if (device == NULL)
        return -ENODEV;
    text_printf(out, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\n", device->number >> 8, device->number & 0xff, device->name);
    if (device->mode != 0600)
        text_printf(out, "DEVMODE=0%o\n", device->mode);
    return 0;
}

#define DEVICE_ENTRIES(number) SYS_NUMBERED("dev", show_number, number), SYS_NUMBERED("uevent", show_event, number)
static const struct pseudo_entry device_entries[] = {DEVICE_ENTRIES(0), {}};

/* Where the kernel's messages go, the last one being what /dev/console is. */
static int show_active(struct text *out, const struct pseudo_node *node)
{
    bool screen = find_number(DEVICE_NUMBER(4, 0)), serial = find_number(DEVICE_NUMBER(4, 64));
    text_printf(out, "%s%s%s\n", screen ? "tty0" : "", screen && serial ? " " : "", serial ? "ttyS0" : "");
    return 0;
}

static const struct pseudo_entry console_entries[] = {
    SYS_FILE("active", show_active),
    DEVICE_ENTRIES(DEVICE_CONSOLE),
    {},
};

/* ------------------------------------------------------------------------------------------------------------------
 * Directories
 */

/* The lowest number from *number on whose device is of the class, or of any; false: none. */
static bool find_next(const char *class, uint64_t *number)
{
    unsigned index = 0;
    uint64_t lowest = UINT64_MAX;
    for (const struct device *device; (device = device_at(&index)) != NULL;)
        if (is_shown(device) && device->number >= *number && device->number < lowest &&
            (class == NULL || strcmp(class_of(device->number), class) == 0))
            lowest = device->number;
    *number = lowest;
    return lowest != UINT64_MAX;
}

static bool next_any(const struct pseudo_node *directory, uint64_t *number)
{
    return find_next(NULL, number);
}

/* The directory's name is the class's. */
static bool next_of_class(const struct pseudo_node *directory, uint64_t *number)
{
    bool found = find_next(directory->entry->name, number);
    while (found && *number == DEVICE_CONSOLE) {
        ++*number;
        found = find_next(directory->entry->name, number);
    }
    return found;
}

static int find_device(const struct pseudo_node *directory, uint64_t number, struct pseudo_node *child)
{
    child->parts[0] = number;
    return 0;
}

static void name_device(const struct pseudo_node *directory, uint64_t number, char *name)
{
    const struct device *device = find_number((uint32_t)number);
    strlcpy(name, device ? device->name : "?", NAME_LENGTH_MAX + 1);
}

static const struct pseudo_children devices = {.entry = {.mode = S_IFDIR | 0755, .entries = device_entries},
    .next = next_of_class,
    .find = find_device,
    .name = name_device};

static const struct pseudo_entry tty_entries[] = {
    SYS_DIRECTORY("console", console_entries),
    {},
};
const struct pseudo_entry sysfs_class_entries[] = {
    SYS_CHILDREN("mem", &devices),
    SYS_CHILDREN("misc", &devices),
    SYS_EMPTY("net"),
    {.name = "tty", .mode = S_IFDIR | 0755, .entries = tty_entries, .children = &devices},
    {},
};

static int show_target(struct text *out, const struct pseudo_node *node)
{
    const struct device *device = device_of(node);
    if (device)
        text_printf(out, "../../class/%s/%s", class_of(device->number), device->name);
    return device ? 0 : -ENODEV;
}

static void name_number(const struct pseudo_node *directory, uint64_t number, char *name)
{
    snprintf(name, NAME_LENGTH_MAX + 1, "%lu:%lu", number >> 8, number & 0xff);
}

static const struct pseudo_children links = {.entry = {.mode = S_IFLNK | 0777, .target = show_target},
    .next = next_any,
    .find = find_device,
    .name = name_number};

const struct pseudo_entry sysfs_dev_entries[] = {
    SYS_EMPTY("block"),
    SYS_CHILDREN("char", &links),
    {},
};
