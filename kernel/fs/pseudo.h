/*
 * File systems that are made up: /proc and /sys. Their directories are tables, and what is in a file is written by a
 * function when somebody reads it.
 *
 *     static int show_uptime(struct text *out, const struct pseudo_node *node)
 *     {
 *         text_printf(out, "%lu\n", clock_monotonic() / NS_PER_SECOND);
 *         return 0;
 *     }
 *     static const struct pseudo_entry root[] = {
 *         {.name = "uptime", .mode = S_IFREG | 0444, .show = show_uptime},
 *         {.name = "sys", .mode = S_IFDIR | 0555, .entries = sys_entries},
 *         {},
 *     };
 *
 * A directory may have entries that come and go, each of which is a number (struct pseudo_children): processes, CPUs.
 * What an entry is about is in its node: the table's line, and the numbers of the directories on the way to it. Nothing
 * is referred to, so what it is about may go at any time: functions then return -ESRCH or -ENOENT.
 *
 * Nothing stays in memory: an inode is made when its name is looked up and goes with the last who holds it. Its number
 * is computed from its parent's and its name, so it is the same each time.
 *
 * A text is made as a whole when a file is first read, and again when it is read from its beginning; so whoever reads
 * it in pieces gets pieces of one text. A write is one call of `store`, wherever in the file it is.
 *
 * No lock is held when show, store, target and follow are called; children's functions and `refresh` are called with
 * the directory locked, and may take spin locks only.
 */
#ifndef CORRODE_FS_PSEUDO_H
#define CORRODE_FS_PSEUDO_H

#include "fs/fs.h"
#include "fs/text.h"

struct pseudo_node;

/* One line of a directory's table, which ends with a line without a name. What does not apply is NULL. */
struct pseudo_entry {
    const char *name;
    uint32_t mode; /* with the type */
    const struct pseudo_entry *entries;
    const struct pseudo_children *children;
    int (*show)(struct text *out, const struct pseudo_node *node);
    int (*store)(const struct pseudo_node *node, const char *text, size_t length); /* NUL-terminated */
    int (*target)(struct text *out, const struct pseudo_node *node);               /* a symbolic link's text */
    int (*follow)(const struct pseudo_node *node, struct path *path);              /* where it leads, with references */
    int (*open)(const struct pseudo_node *node, unsigned flags);                   /* may it be opened so? O_* */
    const struct file_ops *file_ops;                                               /* instead of show and store */
    uintptr_t argument;                                                            /* the functions' */
};

#define PSEUDO_PARTS 4
struct pseudo_node {
    const struct pseudo_entry *entry;
    struct superblock *super;     /* that it is in; not counted */
    uint64_t parts[PSEUDO_PARTS]; /* filled in by the `find` of the directories above */
};

struct pseudo_children {
    struct pseudo_entry entry; /* what each of them is; without a name */
    /* The lowest number that there is, from *number on; false: none. Below 2^48. */
    bool (*next)(const struct pseudo_node *directory, uint64_t *number);
    /* CHILD has the directory's parts, and gets its own. -ENOENT: there is no such number. */
    int (*find)(const struct pseudo_node *directory, uint64_t number, struct pseudo_node *child);
    /* Its name, into NAME of NAME_LENGTH_MAX + 1 bytes. NULL: the number in decimal. */
    void (*name)(const struct pseudo_node *directory, uint64_t number, char *name);
};

struct pseudo_filesystem {
    struct filesystem type; /* by pseudo_mount, pseudo_unmount, pseudo_report */
    uint64_t magic;         /* statfs */
    const struct pseudo_entry *root;
    uint64_t file_size;     /* that stat tells of files */
    bool changes;           /* names come and go; no name may be remembered as missing */
    bool honours_read_only; /* not even root opens a file for writing that nobody may write to */
    /* Sets owner, group and mode of an inode that is new or found again. -ENOENT: what it is about is gone. NULL: they
     * are root's, and stay. */
    int (*refresh)(struct inode *inode, const struct pseudo_node *node);
};

int pseudo_mount(struct superblock *super, const char *source, const char *options);
void pseudo_unmount(struct superblock *super);
void pseudo_report(struct superblock *super, struct superblock_report *report);

static inline const struct pseudo_node *pseudo_node_of(const struct inode *inode)
{
    return inode->data;
}

/* The mount's root, as a node. */
const struct pseudo_filesystem *pseudo_filesystem_of(const struct superblock *super);

#endif
