/*
 * devpts: the file system in which pseudo-terminals have their names, and /dev/ptmx another one. It is one, however
 * often it is mounted.
 *
 * A terminal's inode is made with it and keeps owner and mode that programs give it; names lead to it for as long as
 * it is in pty.c's table. What a mount says of owner and mode holds for terminals that are made later.
 *
 * Source: Linux Documentation/filesystems/devpts.rst; pts(4), mount(8).
 */
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/device.h"
#include "fs/mount.h"
#include "fs/text.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "tty/pty_internal.h"

#define DEVPTS_MAGIC 0x1cd1
#define NUMBER_ROOT 1
#define NUMBER_PTMX 2
#define NUMBER_FIRST 3 /* of the terminals */

static struct superblock *super_of_all; /* made with the kernel, for good */
static struct inode *ptmx;

/* As mounts have set them. */
static struct devpts_options {
    uint32_t mode, ptmx_mode;
    int64_t uid, gid; /* below 0: of who opens /dev/ptmx */
} options = {.mode = 0600, .ptmx_mode = 0, .uid = -1, .gid = -1};

static const struct inode_ops root_ops, node_ops;

/* ------------------------------------------------------------------------------------------------------------------
 * Inodes
 */

static struct inode *create_node(uint32_t mode, uint64_t number, uint32_t device)
{
    struct inode *inode = inode_create(super_of_all, S_IFCHR | mode, credentials_current());
    if (inode == NULL)
        return NULL;
    inode->ops = &node_ops;
    inode->number = number;
    inode->device = device;
    return inode;
}

struct inode *devpts_create_node(unsigned number)
{
    static const struct file_ops file_ops = {.open = pty_open_slave};
    struct inode *inode = create_node(options.mode, NUMBER_FIRST + number, DEVICE_NUMBER(PTY_MAJOR, number));
    if (inode == NULL)
        return NULL;
    inode->file_ops = &file_ops;
    if (options.uid >= 0)
        inode->uid = (uint32_t)options.uid;
    if (options.gid >= 0)
        inode->gid = (uint32_t)options.gid;
    return inode;
}

static void release_inode(struct inode *inode) {}

static bool parse_number(const char *text, size_t length, unsigned base, uint32_t *number)
{
    uint64_t value = 0;
    if (length == 0 || length > 11)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (digit >= base)
            return false;
        value = value * base + digit;
    }
    *number = (uint32_t)value;
    return value <= UINT32_MAX;
}

/* The inode that a name leads to, with a reference; NULL: none. */
static struct inode *find(const char *name, size_t length)
{
    uint32_t number;
    if (length == 4 && memcmp(name, "ptmx", 4) == 0) {
        inode_get(ptmx);
        return ptmx;
    }
    if (!parse_number(name, length, 10, &number) || (length > 1 && name[0] == '0'))
        return NULL;
    return pty_inode(number);
}

static int lookup(struct inode *dir, const char *name, size_t length, struct inode **inode)
{
    *inode = find(name, length);
    return *inode ? 0 : -ENOENT;
}

static bool is_current(struct inode *dir, const struct dentry *dentry)
{
    struct inode *now = find(dentry->name, dentry->length);
    if (now)
        inode_put(now);
    return now && now == dentry->inode;
}

static int read_directory(struct file *file, struct directory_sink *sink, uint64_t *position)
{
    struct dentry *parent = dentry_parent(file->path.dentry);
    const struct {
        const char *name;
        uint64_t number;
        unsigned type;
    } fixed[] = {{".", NUMBER_ROOT, S_IFDIR}, {"..", parent->inode->number, S_IFDIR}, {"ptmx", NUMBER_PTMX, S_IFCHR}};
    dentry_put(parent);
    for (; *position < ARRAY_LENGTH(fixed); ++*position) {
        const char *name = fixed[*position].name;
        if (!sink->put(sink, name, strlen(name), fixed[*position].number, fixed[*position].type, *position + 1))
            return 0;
    }
    unsigned number = (unsigned)min_u64(*position - ARRAY_LENGTH(fixed), PTY_MAX);
    for (; pty_next(&number); number++) {
        char name[8];
        size_t length = (size_t)snprintf(name, sizeof name, "%u", number);
        uint64_t next = ARRAY_LENGTH(fixed) + number + 1;
        if (!sink->put(sink, name, length, NUMBER_FIRST + number, S_IFCHR, next))
            return 0;
        *position = next;
    }
    return 0;
}

static const struct inode_ops root_ops = {.lookup = lookup, .is_current = is_current, .release = release_inode};
static const struct inode_ops node_ops = {.release = release_inode};

/* ------------------------------------------------------------------------------------------------------------------
 * Options: "gid=5,mode=620,ptmxmode=666"
 */

static bool parse_option(struct devpts_options *into, const char *text, size_t length)
{
    static const struct {
        const char *name;
        unsigned base;
    } known[] = {{"uid=", 10}, {"gid=", 10}, {"mode=", 8}, {"ptmxmode=", 8}, {"max=", 10}};
    uint32_t number;

    if (length == 0 || (length == 11 && memcmp(text, "newinstance", 11) == 0))
        return true; /* there is one instance */
    for (unsigned i = 0; i < ARRAY_LENGTH(known); i++) {
        size_t name = strlen(known[i].name);
        if (length < name || memcmp(text, known[i].name, name) != 0)
            continue;
        if (!parse_number(text + name, length - name, known[i].base, &number))
            return false;
        switch (i) {
        case 0: into->uid = number; break;
        case 1: into->gid = number; break;
        case 2: into->mode = number & 0777; break;
        case 3: into->ptmx_mode = number & 0777; break;
        }
        return true;
    }
    return false;
}

static int remount(struct superblock *super, const char *text)
{
    struct devpts_options new = options;
    while (text && *text) {
        const char *end = strchr(text, ',');
        size_t length = end ? (size_t)(end - text) : strlen(text);
        if (!parse_option(&new, text, length))
            return -EINVAL;
        text += length + (end != NULL);
    }
    options = new;
    if (ptmx)
        ptmx->mode = S_IFCHR | new.ptmx_mode;
    return 0;
}

static void show_options(struct superblock *super, struct text *text)
{
    if (options.uid >= 0)
        text_printf(text, ",uid=%u", (uint32_t)options.uid);
    if (options.gid >= 0)
        text_printf(text, ",gid=%u", (uint32_t)options.gid);
    text_printf(text, ",mode=%03o,ptmxmode=%03o", options.mode, options.ptmx_mode);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The whole
 */

static int mount(struct superblock *super, const char *source, const char *text)
{
    static const struct file_ops file_ops = {.read_directory = read_directory};
    struct inode *inode = inode_create(super, S_IFDIR | 0755, &credentials_root);
    if (inode == NULL)
        return -ENOMEM;
    inode->ops = &root_ops;
    inode->file_ops = &file_ops;
    inode->number = NUMBER_ROOT;
    inode->links = 2;
    super->root = dentry_create_root(super, inode);
    if (super->root)
        return 0;
    inode_put(inode);
    return -ENOMEM;
}

static void unmount(struct superblock *super)
{
    dentry_put(super->root);
}

static void report(struct superblock *super, struct superblock_report *report)
{
    report->type = DEVPTS_MAGIC;
}

bool devpts_init(uint32_t ptmx_device)
{
    static const struct filesystem devpts = {
        .name = "devpts",
        .mount = mount,
        .unmount = unmount,
        .report = report,
        .remount = remount,
        .show_options = show_options,
        .single = true,
    };
    int error;
    filesystem_register(&devpts);
    super_of_all = superblock_create(&devpts, "devpts", "", &error);
    ptmx = super_of_all ? create_node(options.ptmx_mode, NUMBER_PTMX, ptmx_device) : NULL;
    return ptmx != NULL;
}
