/*
 * The first files: what is in the archives (fs/archive/) is made in the root. See initramfs.h.
 *
 * Of several names of one file the contents come with the last, and the others are links to the first. What is there
 * already goes, unless it is a directory and shall be one: then it gets the new attributes.
 *
 * Source: Linux Documentation/driver-api/early-userspace/buffer-format.rst.
 */
#include "fs/initramfs.h"

#include "fs/archive/archive.h"
#include "fs/dentry.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log.h"
#include "mm/slab.h"

#define LOG_NAME "initramfs"

/* A name to be thought of later: of a file that may have others, or of a directory, whose time changes with what is
 * made in it. */
struct remembered {
    struct remembered *next;
    struct archive_member member; /* with its name right behind this */
};

struct unpacking {
    struct archive_sink sink;
    struct walk walk;
    struct remembered *linked;      /* until the archive ends */
    struct remembered *directories; /* until all archives do */
    struct archive_member member;
    struct file *file; /* that is being written; NULL: none */
    char *target;      /* of a symbolic link; NULL: it is none */
    size_t have;       /* bytes of it */
    int error;         /* of this member */
};

static struct unpacking *unpacking_of(struct archive_sink *sink)
{
    return container_of(sink, struct unpacking, sink);
}

bool initramfs_is_archive(const void *data, size_t size)
{
    return archive_is_one(data, size);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Members
 */

/* Makes place for what is no directory, or shall be none. */
static void remove_other(const struct unpacking *unpacking, const struct archive_member *member)
{
    struct walk walk = unpacking->walk;
    struct path path;
    walk.flags |= WALK_NO_FOLLOW;
    if (path_walk(&walk, member->name, &path) < 0)
        return;
    uint32_t type = path.dentry->inode->mode & S_IFMT;
    path_put(&path);
    if (type != S_IFDIR)
        name_remove(&walk, member->name, false);
    else if ((member->mode & S_IFMT) != S_IFDIR)
        name_remove(&walk, member->name, true);
}

/* Adds MEMBER to a list, in front; without memory it is forgotten. */
static void remember(struct remembered **list, const struct archive_member *member)
{
    size_t size = strlen(member->name) + 1;
    struct remembered *remembered = kmalloc(sizeof *remembered + size, 0);
    if (remembered == NULL)
        return;
    char *name = (char *)(remembered + 1);
    memcpy(name, member->name, size);
    *remembered = (struct remembered){.next = *list, .member = *member};
    remembered->member.name = name;
    *list = remembered;
}

static void reverse(struct remembered **list)
{
    struct remembered *reversed = NULL;
    while (*list) {
        struct remembered *first = *list;
        *list = first->next;
        first->next = reversed;
        reversed = first;
    }
    *list = reversed;
}

static void forget(struct remembered **list)
{
    while (*list) {
        struct remembered *gone = *list;
        *list = gone->next;
        kfree(gone);
    }
}

/* The name that came first of the file that MEMBER is; it is remembered when it is the first: NULL then. */
static const char *first_name(struct unpacking *unpacking, const struct archive_member *member)
{
    for (const struct remembered *r = unpacking->linked; r; r = r->next)
        if (r->member.inode == member->inode && r->member.major == member->major && r->member.minor == member->minor)
            return r->member.name;
    remember(&unpacking->linked, member); /* or else it becomes two files */
    return NULL;
}

static void trailer(struct archive_sink *sink)
{
    forget(&unpacking_of(sink)->linked);
}

static int link_to(const struct unpacking *unpacking, const char *first, const char *name)
{
    struct path existing;
    int error = path_walk(&unpacking->walk, first, &existing);
    if (error)
        return error;
    error = name_link(&unpacking->walk, &existing, name);
    path_put(&existing);
    return error;
}

static int make_file(struct unpacking *unpacking, const struct archive_member *member)
{
    const char *first = member->links > 1 ? first_name(unpacking, member) : NULL;
    int error = first ? link_to(unpacking, first, member->name)
                      : name_create(&unpacking->walk, member->name, S_IFREG | (member->mode & 07777), 0);
    if (!error && member->size)
        unpacking->file = file_open(&unpacking->walk, member->name, O_WRONLY | O_TRUNC, 0, &error);
    return error;
}

static int make(struct unpacking *unpacking, const struct archive_member *member)
{
    uint32_t type = member->mode & S_IFMT;
    if (type == S_IFREG)
        return make_file(unpacking, member);
    if (type != S_IFLNK)
        return name_create(&unpacking->walk, member->name, member->mode, member->device);
    if (member->size >= PATH_LENGTH_MAX)
        return -ENAMETOOLONG;
    unpacking->target = kmalloc(member->size + 1, 0);
    return unpacking->target ? 0 : -ENOMEM;
}

/* Owner, mode and time, which making a name sets to the caller's. ONLY_TIME: of a directory that is full by now. */
static void set_attributes(const struct unpacking *unpacking, const struct archive_member *member, bool only_time)
{
    struct walk walk = unpacking->walk;
    struct path path;
    walk.flags |= WALK_NO_FOLLOW;
    if (path_walk(&walk, member->name, &path) < 0)
        return;
    struct inode *inode = path.dentry->inode;
    rwlock_write(&inode->lock);
    if (!only_time) {
        inode->mode = (inode->mode & S_IFMT) | (member->mode & 07777);
        inode->uid = member->uid;
        inode->gid = member->gid;
    }
    if (!only_time || (inode->mode & S_IFMT) == S_IFDIR)
        inode->modified = (fs_time_t)member->time * 1000000000;
    rwlock_write_unlock(&inode->lock);
    path_put(&path);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What the archive says
 */

/* What is wrong with one member is told, and the next one comes; but not when memory is at its end. */
static int begin(struct archive_sink *sink, const struct archive_member *member)
{
    struct unpacking *unpacking = unpacking_of(sink);
    unpacking->member = *member;
    unpacking->have = 0;
    remove_other(unpacking, member);
    int error = make(unpacking, member);
    if (error == -EEXIST && (member->mode & S_IFMT) == S_IFDIR)
        error = 0; /* "." above all */
    unpacking->error = error;
    return error == -ENOMEM ? error : 0;
}

static int data(struct archive_sink *sink, const void *bytes, size_t length)
{
    struct unpacking *unpacking = unpacking_of(sink);
    if (unpacking->target) {
        memcpy(unpacking->target + unpacking->have, bytes, length);
        unpacking->have += length;
    }
    if (unpacking->file == NULL || unpacking->error)
        return 0;
    struct iov iov;
    iov_init_kernel(&iov, (void *)bytes, length);
    long written = file_write(unpacking->file, &iov, NULL);
    if (written != (long)length)
        unpacking->error = written < 0 ? (int)written : -ENOSPC;
    return unpacking->error == -ENOMEM || unpacking->error == -ENOSPC ? -ENOMEM : 0;
}

/* Gives back what belongs to the member only. */
static void put_member(struct unpacking *unpacking)
{
    if (unpacking->file)
        file_put(unpacking->file);
    kfree(unpacking->target);
    unpacking->file = NULL;
    unpacking->target = NULL;
}

static int end(struct archive_sink *sink)
{
    struct unpacking *unpacking = unpacking_of(sink);
    const struct archive_member *member = &unpacking->member;
    if (unpacking->target && !unpacking->error) {
        unpacking->target[unpacking->have] = '\0';
        unpacking->error = name_symlink(&unpacking->walk, member->name, unpacking->target);
    }
    put_member(unpacking);
    if (unpacking->error)
        log_warning("%s was not unpacked: error %d", member->name, -unpacking->error);
    else
        set_attributes(unpacking, member, false);
    if ((member->mode & S_IFMT) == S_IFDIR)
        remember(&unpacking->directories, member);
    return unpacking->error == -ENOMEM ? -ENOMEM : 0;
}

int initramfs_unpack(const void *bytes, size_t size)
{
    struct unpacking unpacking = {.sink = {.begin = begin, .data = data, .end = end, .trailer = trailer}};
    struct archive_report report;
    fs_root_walk(&unpacking.walk);
    int error = archive_unpack(bytes, size, &unpacking.sink, &report);
    put_member(&unpacking);
    forget(&unpacking.linked);
    reverse(&unpacking.directories); /* what came later counts */
    for (const struct remembered *r = unpacking.directories; r; r = r->next)
        set_attributes(&unpacking, &r->member, true);
    forget(&unpacking.directories);
    if (error)
        log_error(
            "the archive %s, at byte %lu of %lu, after %u files", report.problem, report.at, size, report.members);
    else
        log_info("%u files", report.members);
    return error;
}
