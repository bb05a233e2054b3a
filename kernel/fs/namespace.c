/*
 * Namespaces and their files: see namespace.h.
 */
#include "fs/namespace.h"

#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/file_internal.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/printf.h"

#define NSFS_MAGIC 0x6e736673
#define NUMBER_FIRST 4026532000ull /* above those of the first ones, which are known */

static uint64_t last_number = NUMBER_FIRST;

void namespace_init(struct namespace *namespace, const struct namespace_kind *kind)
{
    uint64_t number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
    *namespace = (struct namespace){.kind = kind, .number = number, .references = 1};
}

void namespace_get(struct namespace *namespace)
{
    if (namespace->kind->end)
        __atomic_fetch_add(&namespace->references, 1, __ATOMIC_RELAXED);
}

/* The first one of a kind has a reference that nobody gives back. */
void namespace_put(struct namespace *namespace)
{
    if (namespace->kind->end && __atomic_sub_fetch(&namespace->references, 1, __ATOMIC_ACQ_REL) == 0)
    namespace->kind->end(namespace);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files
 */

static void report(struct superblock *super, struct superblock_report *report)
{
    report->type = NSFS_MAGIC;
}

static const struct filesystem nsfs = {.name = "nsfs", .report = report};
static struct superblock super = {.type = &nsfs, .device = MOUNT_DEVICE_NAMESPACES, .references = 1};
static char source[] = "nsfs"; /* of mounts of them */
static struct mount nowhere = {.super = &super, .references = 1, .flags = MS_RELATIME, .source = source};

static void release(struct inode *inode)
{
    namespace_put(inode->data);
}

static const struct inode_ops inode_ops = {.release = release};
static const struct file_ops file_ops;

struct namespace *namespace_of(const struct inode *inode)
{
    return inode->ops == &inode_ops ? inode->data : NULL;
}

static const struct namespace_kind users = {.name = "user", .flag = 0x10000000};
struct namespace namespace_users = {.kind = &users, .number = 4026531837, .references = 1};

static long (*add_file)(struct file *file, bool close_on_exec);

void namespaces_set_descriptors(long (*add)(struct file *file, bool close_on_exec))
{
    add_file = add;
}

int namespace_open(struct namespace *namespace, struct path *path)
{
    char name[48];
    struct inode *inode = inode_create(&super, S_IFREG | 0444, &credentials_root);
    if (inode == NULL)
        return -ENOMEM;
    inode->ops = &inode_ops;
    inode->file_ops = &file_ops;
    inode->number = namespace->number;
    inode->data = namespace;
    namespace_get(namespace);
    size_t length = (size_t)snprintf(name, sizeof name, "%s:[%lu]", namespace->kind->name, namespace->number);
    struct dentry *dentry = dentry_create(NULL, name, length);
    if (dentry == NULL) {
        inode_put(inode);
        return -ENOMEM;
    }
    dentry->super = inode->super;
    dentry->inode = inode;
    mount_get(&nowhere);
    *path = (struct path){.mount = &nowhere, .dentry = dentry};
    return 0;
}

/* Another one as a descriptor of the caller's. */
static long open_descriptor(struct namespace *namespace)
{
    struct path path;
    int error = namespace_open(namespace, &path);
    if (error)
        return error;
    struct file *file = file_allocate(&path, &file_ops, O_RDONLY);
    if (file == NULL) {
        path_put(&path);
        return -ENOMEM;
    }
    (void)file_begin_use(file);
    long result = add_file(file, true);
    if (result < 0)
        file_put(file);
    return result;
}

#define NS_GET_USERNS 0xb701u
#define NS_GET_PARENT 0xb702u
#define NS_GET_NSTYPE 0xb703u

static long open_parent(struct namespace *namespace)
{
    int error;
    if (namespace->kind->parent == NULL)
        return namespace == &namespace_users ? -EPERM : -EINVAL;
    struct namespace *parent = namespace->kind->parent(namespace, &error);
    if (parent == NULL)
        return error;
    long result = open_descriptor(parent);
    namespace_put(parent);
    return result;
}

static long namespace_ioctl(struct file *file, unsigned command, uintptr_t argument)
{
    struct namespace *namespace = file->inode->data;
    switch (command) {
    case NS_GET_USERNS: return namespace == &namespace_users ? -EPERM : open_descriptor(&namespace_users);
    case NS_GET_PARENT: return open_parent(namespace);
    case NS_GET_NSTYPE: return namespace->kind->flag;
    default: return -ENOTTY;
    }
}

static const struct file_ops file_ops = {.ioctl = namespace_ioctl};
