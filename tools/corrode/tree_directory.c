/* A directory of this machine as a tree: see tree.h. */
#include "tree.h"

#include "lib/types.h"
#include "report.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct scan {
    struct tree_node *root;
    uint32_t time;
    bool is_root;
    dev_t device; /* the file system that we stay on */
    /* Files with several names, found so far. */
    struct known {
        ino_t inode;
        struct tree_node *node;
    } *known;
    size_t known_count;
};

static void set(const struct scan *scan, struct tree_node *node, const struct stat *status)
{
    node->time = scan->time;
    node->uid = scan->is_root ? status->st_uid : 0;
    node->gid = scan->is_root ? status->st_gid : 0;
}

static void read_link(struct tree_node *node, const char *source)
{
    char target[4096];
    ssize_t length = readlink(source, target, sizeof target - 1);
    if (length < 0)
        fatal_errno(source, "read");
    target[length] = '\0';
    node->size = (uint64_t)length;
    node->data = text_copy(target);
}

static struct tree_node *known_node(const struct scan *scan, const struct stat *status)
{
    for (size_t i = 0; i < scan->known_count; i++)
        if (scan->known[i].inode == status->st_ino)
            return scan->known[i].node;
    return NULL;
}

static void remember(struct scan *scan, const struct stat *status, struct tree_node *node)
{
    scan->known = realloc(scan->known, (scan->known_count + 1) * sizeof *scan->known);
    if (!scan->known)
        fatal(NULL, "there is not enough memory for this tree; leave something out");
    scan->known[scan->known_count++] = (struct known){status->st_ino, node};
}

/* SOURCE, which is PATH in the tree; false: a directory, whose entries are to be read. */
static bool add(struct scan *scan, const char *path, const char *source, const struct stat *status)
{
    bool is_directory = S_ISDIR(status->st_mode), several = !is_directory && status->st_nlink > 1;
    if (S_ISSOCK(status->st_mode)) {
        report_note("%s is a socket, which only its program can make; left out", source);
        return true;
    }
    struct tree_node *node = several ? known_node(scan, status) : NULL;
    if (node) {
        tree_link(scan->root, path, node);
        return true;
    }
    node = tree_make(scan->root, path, status->st_mode);
    set(scan, node, status);
    if (several)
        remember(scan, status, node);
    if (S_ISREG(status->st_mode)) {
        node->size = (uint64_t)status->st_size;
        node->source = text_copy(source);
        if (access(source, R_OK) < 0)
            fatal_errno(source, "open");
    } else if (S_ISLNK(status->st_mode)) {
        read_link(node, source);
    } else if (!is_directory) {
        node->major = major(status->st_rdev);
        node->minor = minor(status->st_rdev);
    }
    return !is_directory || status->st_dev != scan->device;
}

static void scan_directory(struct scan *scan, const char *path, const char *source)
{
    DIR *directory = opendir(source);
    if (!directory)
        fatal_errno(source, "open");
    for (struct dirent *entry; (entry = readdir(directory));) {
        const char *name = entry->d_name;
        struct stat status;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        char *inner = text_format("%s/%s", path, name), *from = text_format("%s/%s", source, name);
        if (lstat(from, &status) < 0)
            fatal_errno(from, "open");
        if (!add(scan, inner, from, &status))
            scan_directory(scan, inner, from);
        free(inner);
        free(from);
    }
    closedir(directory);
}

void tree_add_directory(struct tree_node *root, const char *path, const char *source, uint32_t time)
{
    struct stat status;
    struct scan scan = {.root = root, .time = time, .is_root = geteuid() == 0};
    if (stat(source, &status) < 0)
        fatal_errno(source, "open");
    scan.device = status.st_dev;
    struct tree_node *directory = tree_find(root, path);
    directory = directory ? directory : tree_make(root, path, S_IFDIR | (status.st_mode & 07777));
    if (!directory)
        fatal_errno(path, "add");
    set(&scan, directory, &status);
    scan_directory(&scan, path, source);
    free(scan.known);
}

void tree_read_directory(struct tree_node *root, const char *path, uint32_t time)
{
    struct stat status;
    if (stat(path, &status) < 0)
        fatal_errno(path, "open");
    root->mode = status.st_mode;
    tree_add_directory(root, "", path, time);
}
