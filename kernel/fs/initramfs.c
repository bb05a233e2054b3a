/*
 * Unpacking cpio archives: see initramfs.h. Each member is a header of 110 characters, a name with its NUL, and the
 * contents, name and contents each padded to four bytes. The last is called TRAILER!!!; zeros and another archive may
 * follow. Of several names of one file the contents come with the last.
 *
 * Source: Linux Documentation/driver-api/early-userspace/buffer-format.rst; cpio(5).
 */
#include "fs/initramfs.h"

#include "fs/dentry.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log.h"

#define LOG_NAME "initramfs"
#define HEADER_SIZE 110u
#define MAGIC "070701"
#define MAGIC_CRC "070702"
#define TRAILER "TRAILER!!!"

/* The fields, each eight hexadecimal digits, in the order of the header. */
enum field {
    INODE,
    MODE,
    UID,
    GID,
    LINKS,
    TIME,
    SIZE,
    MAJOR,
    MINOR,
    DEVICE_MAJOR,
    DEVICE_MINOR,
    NAME_SIZE,
    CHECK,
    FIELDS
};

struct member {
    uint32_t fields[FIELDS];
    const char *name;
    const uint8_t *data;
};

/* Members with several names, until the archive ends. */
#define LINKS_MAX 256
struct linked {
    uint32_t inode, major, minor;
    const char *name;
};

struct archive {
    const uint8_t *data;
    size_t size, at;
    struct walk walk;
    struct linked linked[LINKS_MAX];
    unsigned linked_count;
};

bool initramfs_is_archive(const void *data, size_t size)
{
    return size >= HEADER_SIZE && (memcmp(data, MAGIC, 6) == 0 || memcmp(data, MAGIC_CRC, 6) == 0);
}

/* Eight hexadecimal digits; false when they are not. */
static bool read_field(const uint8_t *digits, uint32_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        uint8_t c = digits[i] | 0x20; /* digits stay what they are */
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return false;
        *value = *value << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
}

/* The next member, whose parts lie within the archive. 0 or -EINVAL. */
static int read_member(struct archive *archive, struct member *member)
{
    size_t left = archive->size - archive->at;
    const uint8_t *header = archive->data + archive->at;
    if (!initramfs_is_archive(header, left))
        return -EINVAL;
    for (unsigned i = 0; i < FIELDS; i++)
        if (!read_field(header + 6 + 8 * i, &member->fields[i]))
            return -EINVAL;
    uint64_t name_size = member->fields[NAME_SIZE], size = member->fields[SIZE];
    uint64_t data_at = align_up(HEADER_SIZE + name_size, 4);
    if (name_size == 0 || name_size > PATH_LENGTH_MAX || data_at > left || size > left - data_at)
        return -EINVAL;
    member->name = (const char *)header + HEADER_SIZE;
    member->data = header + data_at;
    if (member->name[name_size - 1] != '\0')
        return -EINVAL;
    archive->at += min_u64(align_up(data_at + size, 4), left);
    return 0;
}

static int write_contents(const struct archive *archive, const struct member *member)
{
    int error;
    struct file *file = file_open(&archive->walk, member->name, O_WRONLY | O_TRUNC, 0, &error);
    if (file == NULL)
        return error;
    struct iov iov;
    iov_init_kernel(&iov, (void *)member->data, member->fields[SIZE]);
    long written = file_write(file, &iov, NULL);
    file_put(file);
    return written < 0 ? (int)written : written == member->fields[SIZE] ? 0 : -ENOMEM;
}

/* The name that came first of the file that MEMBER is; it is remembered when it is the first. NULL then. */
static const char *first_name(struct archive *archive, const struct member *member)
{
    const uint32_t *f = member->fields;
    for (unsigned i = 0; i < archive->linked_count; i++) {
        const struct linked *l = &archive->linked[i];
        if (l->inode == f[INODE] && l->major == f[MAJOR] && l->minor == f[MINOR])
            return l->name;
    }
    if (archive->linked_count < LINKS_MAX)
        archive->linked[archive->linked_count++] = (struct linked){f[INODE], f[MAJOR], f[MINOR], member->name};
    return NULL;
}

static int make_file(struct archive *archive, const struct member *member)
{
    const char *first = member->fields[LINKS] > 1 ? first_name(archive, member) : NULL;
    int error;
    if (first) {
        struct path existing;
        error = path_walk(&archive->walk, first, &existing);
        if (!error) {
            error = name_link(&archive->walk, &existing, member->name);
            path_put(&existing);
        }
    } else {
        error = name_create(&archive->walk, member->name, S_IFREG | (member->fields[MODE] & 07777), 0);
    }
    return !error && member->fields[SIZE] ? write_contents(archive, member) : error;
}

static int make_link(const struct archive *archive, const struct member *member)
{
    char target[PATH_LENGTH_MAX / 4];
    if (member->fields[SIZE] >= sizeof target)
        return -ENAMETOOLONG;
    memcpy(target, member->data, member->fields[SIZE]);
    target[member->fields[SIZE]] = '\0';
    return name_symlink(&archive->walk, member->name, target);
}

static int make(struct archive *archive, const struct member *member)
{
    const uint32_t *f = member->fields;
    switch (f[MODE] & S_IFMT) {
    case S_IFREG: return make_file(archive, member);
    case S_IFLNK: return make_link(archive, member);
    default: return name_create(&archive->walk, member->name, f[MODE], f[DEVICE_MAJOR] << 8 | f[DEVICE_MINOR]);
    }
}

/* Owner, mode and time, which making a name sets to the caller's. */
static void set_attributes(const struct archive *archive, const struct member *member)
{
    struct walk walk = archive->walk;
    struct path path;
    walk.flags |= WALK_NO_FOLLOW;
    if (path_walk(&walk, member->name, &path) < 0)
        return;
    struct inode *inode = path.dentry->inode;
    rwlock_write(&inode->lock);
    inode->mode = (inode->mode & S_IFMT) | (member->fields[MODE] & 07777);
    inode->uid = member->fields[UID];
    inode->gid = member->fields[GID];
    inode->modified = (fs_time_t)member->fields[TIME] * 1000000000;
    rwlock_write_unlock(&inode->lock);
    path_put(&path);
}

static int unpack_member(struct archive *archive, const struct member *member)
{
    int error = make(archive, member);
    bool there = error == -EEXIST; /* a directory that is there already is no surprise, "." above all */
    if (error && !(there && (member->fields[MODE] & S_IFMT) == S_IFDIR))
        log_warning("%s was not unpacked: error %d", member->name, -error);
    else
        set_attributes(archive, member);
    return error == -ENOMEM ? error : 0;
}

int initramfs_unpack(const void *data, size_t size)
{
    static struct archive archive; /* too large for a stack; once, while the kernel starts */
    archive = (struct archive){.data = data, .size = size};
    fs_root_walk(&archive.walk);
    unsigned count = 0;
    for (;;) {
        struct member member;
        while (archive.at < size && archive.data[archive.at] == 0) /* between archives */
            archive.at++;
        if (archive.at == size)
            break;
        int error = read_member(&archive, &member);
        if (!error && strcmp(member.name, TRAILER) == 0) {
            archive.linked_count = 0;
            continue;
        }
        error = error ? error : unpack_member(&archive, &member);
        if (error) {
            log_error("the archive %s at byte %lu, after %u files",
                error == -ENOMEM ? "does not fit into memory" : "is damaged", archive.at, count);
            return error;
        }
        count++;
    }
    log_info("%u files", count);
    return 0;
}
