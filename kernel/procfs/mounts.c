/*
 * What is mounted where, as the process sees it: /proc/PID/mounts, mountinfo and mountstats. A mount that does not lie
 * below the process's root is not told of.
 *
 * Source: proc(5), "/proc/pid/mountinfo"; fstab(5), getmntent(3) for what is escaped.
 */
#include "procfs/process.h"

#include "fs/dentry.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/namespaces.h"

#define SPECIAL " \t\n#"

static void put_string(struct text *out, const char *string)
{
    text_put_escaped(out, string, strlen(string), SPECIAL);
}

static const char *source_of(const struct mount *mount)
{
    return mount->source && mount->source[0] ? mount->source : "none";
}

/* Where it is mounted, as seen from ROOT, in BUFFER; NULL: not below ROOT. */
static const char *place_of(struct mount *mount, const struct path *root, char *buffer)
{
    struct path top = {.mount = mount, .dentry = mount->root};
    int error;
    return path_is_reachable(&top, root) ? path_name(&top, root, buffer, PATH_LENGTH_MAX, &error) : NULL;
}

typedef void show_mount(struct text *out, struct mount *mount, const char *place);

static int show_all(struct text *out, const struct pseudo_node *node, show_mount *show)
{
    struct path root;
    char *buffer = kmalloc(PATH_LENGTH_MAX, 0);
    if (buffer == NULL)
        return -ENOMEM;
    struct namespaces *namespaces = subject_namespaces(node);
    if (namespaces == NULL || !subject_root(node, &root)) {
        namespaces_put(namespaces);
        kfree(buffer);
        return -EINVAL;
    }
    uint64_t number = 0;
    for (struct mount *mount; (mount = mount_next(namespaces->mounts, number)) != NULL; mount_put(mount)) {
        number = mount->number;
        const char *place = place_of(mount, &root, buffer);
        if (place)
            show(out, mount, place);
    }
    path_put(&root);
    namespaces_put(namespaces);
    kfree(buffer);
    return 0;
}

/* What the file system has of its own comes after what the mount has: both begin with "rw" or "ro". */
static void put_options(struct text *out, struct mount *mount)
{
    struct text own = TEXT_EMPTY;
    size_t start = out->length;
    mount_show_flags(mount, out);
    superblock_show_options(mount->super, &own);
    if (!out->failed && mount_check_write(mount) < 0)
        memcpy(out->data + start, "ro", 2);
    if (own.length > 2)
        text_put(out, own.data + 2, own.length - 2);
    out->failed |= own.failed;
    text_free(&own);
}

static void show_line(struct text *out, struct mount *mount, const char *place)
{
    put_string(out, source_of(mount));
    text_puts(out, " ");
    put_string(out, place);
    text_printf(out, " %s ", mount->super->type->name);
    put_options(out, mount);
    text_puts(out, " 0 0\n");
}

static uint64_t parent_number(const struct mount *mount)
{
    struct path on;
    if (!mount_parent(mount, &on))
        return mount->number;
    uint64_t number = on.mount->number;
    path_put(&on);
    return number;
}

/* The name of DENTRY, which is no root, in its file system. */
static void put_name_below(struct text *out, struct dentry *dentry)
{
    struct dentry *chain[PATH_LENGTH_MAX / 64]; /* what is deeper is shown from there on */
    char name[NAME_LENGTH_MAX + 1];
    unsigned depth = 0;
    dentry_get(dentry);
    for (; !dentry_is_root(dentry) && depth < ARRAY_LENGTH(chain); depth++) {
        chain[depth] = dentry;
        dentry = dentry_parent(dentry);
    }
    dentry_put(dentry);
    while (depth-- > 0) {
        size_t length;
        dentry_put(dentry_parent_and_name(chain[depth], name, &length));
        text_puts(out, "/");
        text_put_escaped(out, name, length, SPECIAL);
        dentry_put(chain[depth]);
    }
}

/* What of its file system is seen there. */
static void put_root(struct text *out, const struct mount *mount)
{
    if (namespace_of(mount->root->inode))
        text_puts(out, mount->root->name); /* of a file that lies nowhere */
    else if (dentry_is_root(mount->root))
        text_puts(out, "/");
    else
        put_name_below(out, mount->root);
}

static void show_info(struct text *out, struct mount *mount, const char *place)
{
    text_printf(out, "%lu %lu 0:%lu ", mount->number, parent_number(mount), mount->super->device);
    put_root(out, mount);
    text_puts(out, " ");
    put_string(out, place);
    text_puts(out, " ");
    mount_show_flags(mount, out);
    text_printf(out, " - %s ", mount->super->type->name);
    put_string(out, source_of(mount));
    text_puts(out, " ");
    superblock_show_options(mount->super, out);
    text_puts(out, "\n");
}

static void show_statistics(struct text *out, struct mount *mount, const char *place)
{
    text_puts(out, "device ");
    put_string(out, source_of(mount));
    text_puts(out, " mounted on ");
    put_string(out, place);
    text_printf(out, " with fstype %s\n", mount->super->type->name);
}

int process_show_mounts(struct text *out, const struct pseudo_node *node)
{
    return show_all(out, node, show_line);
}

int process_show_mountinfo(struct text *out, const struct pseudo_node *node)
{
    return show_all(out, node, show_info);
}

int process_show_mountstats(struct text *out, const struct pseudo_node *node)
{
    return show_all(out, node, show_statistics);
}
