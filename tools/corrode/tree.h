/*
 * A tree of files in memory, on its way into an initramfs: what a directory of this machine holds (tree_directory.c),
 * or an archive (tree_archive.c). cpio.c writes it down.
 *
 * Paths are those of the machine that the tree is for. They begin at its root, with or without a slash, and never leave
 * it: ".." of the root is the root, and a symbolic link on the way leads to where it leads inside. So an archive may
 * name what it likes; nothing of this machine is looked at or changed.
 *
 *     struct tree_node *root = tree_new();
 *     tree_read_archive(root, "root.tar.gz");
 *     struct tree_node *program = tree_find(root, "/bin/sh");
 */
#ifndef CORRODE_TREE_H
#define CORRODE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* A file, whatever its kind, under one name or several. */
struct tree_node {
    uint32_t mode; /* kind and permissions, as st_mode */
    uint32_t uid, gid;
    uint32_t time;         /* of the last change, seconds since 1970 */
    uint32_t major, minor; /* of a device */
    uint64_t size;         /* of a file's contents, or a symbolic link's target */
    const char *data;      /* those, with a NUL after a target; NULL: SOURCE has them */
    const char *source;    /* a file of this machine */
    uint32_t names;        /* how many lead here */
    uint32_t number, left; /* for cpio.c: of the file, and of its names that are still to come */
    /* Of a directory: */
    struct tree_node *parent;   /* the root's is itself */
    struct tree_entry *entries; /* in the order of their names, byte by byte */
    size_t count, room;
};

struct tree_entry {
    char *name;
    struct tree_node *node;
};

/* An empty root: root's, 0755. */
struct tree_node *tree_new(void);

/* What PATH leads to, through symbolic links; NULL: nothing. */
struct tree_node *tree_find(struct tree_node *root, const char *path);

/*
 * A new node of MODE under the name PATH. Directories on the way that are missing are made. What had the name before
 * goes, but a directory that is to be one stays, with what is in it. NULL, with errno: something on the way is no
 * directory, or a directory with something in it would have to go.
 */
struct tree_node *tree_make(struct tree_node *root, const char *path, uint32_t mode);

/* One more name for NODE, as above. */
bool tree_link(struct tree_node *root, const char *path, struct tree_node *node);

/*
 * Everything in a directory of this machine, as far as its file system goes. Owners are kept when we are root; else
 * everything is root's, for an ordinary user's files are not meant to be that user's there. Times are TIME.
 */
void tree_read_directory(struct tree_node *root, const char *path, uint32_t time);

/* The same under the name PATH, whose directory is made like SOURCE itself. */
void tree_add_directory(struct tree_node *root, const char *path, const char *source, uint32_t time);

/* Everything in an archive, tar or cpio, perhaps compressed. */
void tree_read_archive(struct tree_node *root, const char *path);

/* Is that a directory or, by its first bytes or its name, an archive? */
bool tree_is_readable(const char *path);

/*
 * The path of the program that WORD means there: itself if it has a slash, else in the directories of the kernel's
 * PATH. Allocated; fatal when there is none. PATH names the tree in the message.
 */
char *tree_find_program(struct tree_node *root, const char *word, const char *path);

#endif
