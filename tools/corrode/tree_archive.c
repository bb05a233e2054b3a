/*
 * An archive as a tree: see tree.h. libarchive reads it; nothing is unpacked. Of several entries of one name the last
 * counts, as for tar.
 */
#include "tree.h"

#include "file.h"
#include "lib/types.h"
#include "report.h"
#include "text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX UINT32_MAX /* bytes that a cpio archive can say of a file */

struct reader {
    const char *path; /* of the archive */
    struct archive *archive;
    struct archive_entry *entry;
    struct tree_node *root;
};

static _Noreturn void fail(const struct reader *reader)
{
    const char *text = archive_error_string(reader->archive);
    fatal(
        reader->path, "cannot be read (%s); is it a tar or cpio archive, and whole?", text ? text : "no reason given");
}

/* No name may end the tool's patience, or a message. */
static const char *entry_path(const struct reader *reader)
{
    const char *path = archive_entry_pathname(reader->entry);
    if (!path || !*path)
        fatal(reader->path, "has an entry without a name; make it again");
    return path;
}

static _Noreturn void fail_entry(const struct reader *reader)
{
    const char *path = entry_path(reader);
    if (errno == EISDIR)
        fatal(reader->path, "has %s twice, as a directory with something in it and as something else; make it again",
            path);
    if (errno == ELOOP)
        fatal(reader->path, "has the entry %s in a loop of symbolic links; make it again", path);
    fatal(reader->path, "has the entry %s in what is no directory; make it again", path);
}

/* The contents. Holes between the blocks are zeros. */
static void read_contents(const struct reader *reader, struct tree_node *node)
{
    int64_t size = archive_entry_size_is_set(reader->entry) ? archive_entry_size(reader->entry) : 0;
    if (size < 0 || size > FILE_MAX)
        fatal(reader->path, "has %s with more than 4 GiB, which an initramfs cannot hold; leave it out",
            entry_path(reader));
    if (size == 0)
        return;
    char *data = memory_get((size_t)size);
    const void *block;
    size_t length;
    int64_t offset;
    int result;
    while ((result = archive_read_data_block(reader->archive, &block, &length, &offset)) == ARCHIVE_OK) {
        if (offset < 0 || offset > size || length > (uint64_t)(size - offset))
            fatal(reader->path, "has more of %s than it says; make it again", entry_path(reader));
        memcpy(data + offset, block, length);
    }
    if (result != ARCHIVE_EOF)
        fail(reader);
    node->data = data;
    node->size = (uint64_t)size;
}

/* cpio has the contents with any of the names. */
static void add_hard_link(const struct reader *reader, const char *target)
{
    struct tree_node *node = tree_find(reader->root, target);
    if (!node)
        fatal(reader->path, "has %s as a link to %s, which is not in it before; make it again", entry_path(reader),
            target);
    if (S_ISDIR(node->mode) || !tree_link(reader->root, entry_path(reader), node))
        fail_entry(reader);
    if (S_ISREG(node->mode) && node->size == 0)
        read_contents(reader, node);
}

static uint32_t owner(const struct reader *reader, int64_t id)
{
    if (id < 0 || id >= UINT32_MAX)
        fatal(reader->path, "has %s with an owner beyond 32 bits; make it again", entry_path(reader));
    return (uint32_t)id;
}

static uint32_t entry_time(struct archive_entry *entry)
{
    int64_t time = archive_entry_mtime(entry);
    return time < 0 ? 0 : time > UINT32_MAX ? UINT32_MAX : (uint32_t)time;
}

static void add(const struct reader *reader)
{
    struct archive_entry *entry = reader->entry;
    const char *target = archive_entry_hardlink(entry);
    uint32_t mode = archive_entry_mode(entry);
    if (target) {
        add_hard_link(reader, target);
        return;
    }
    if (S_ISSOCK(mode)) {
        report_note("%s: %s is a socket, which only its program can make; left out", reader->path, entry_path(reader));
        return;
    }
    struct tree_node *node = tree_make(reader->root, entry_path(reader), mode);
    if (!node)
        fail_entry(reader);
    node->uid = owner(reader, archive_entry_uid(entry));
    node->gid = owner(reader, archive_entry_gid(entry));
    node->time = entry_time(entry);
    if (S_ISREG(mode)) {
        read_contents(reader, node);
    } else if (S_ISLNK(mode)) {
        const char *to = archive_entry_symlink(entry);
        if (!to || !*to)
            fatal(reader->path, "has %s as a symbolic link to nothing; make it again", entry_path(reader));
        node->data = text_copy(to);
        node->size = strlen(to);
    } else if (S_ISCHR(mode) || S_ISBLK(mode)) {
        node->major = (uint32_t)archive_entry_rdevmajor(entry);
        node->minor = (uint32_t)archive_entry_rdevminor(entry);
    }
}

/* Only what libarchive reads by itself: some of its filters would run a program. */
static struct archive *open_archive(const char *path)
{
    struct archive *archive = archive_read_new();
    if (!archive)
        fatal(NULL, "there is not enough memory; end other programs");
    archive_read_support_format_tar(archive);
    archive_read_support_format_cpio(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_lzma(archive);
    archive_read_support_filter_lz4(archive);
    archive_read_support_filter_zstd(archive);
    archive_read_support_filter_compress(archive);
    archive_read_set_options(archive, "hdrcharset=BINARY"); /* names are bytes */
    if (archive_read_open_filename(archive, path, 1 << 16) != ARCHIVE_OK)
        fatal(path, "cannot be read (%s); is it a tar or cpio archive, and whole?", archive_error_string(archive));
    return archive;
}

void tree_read_archive(struct tree_node *root, const char *path)
{
    struct reader reader = {.path = path, .root = root, .archive = open_archive(path)};
    int result;
    while ((result = archive_read_next_header(reader.archive, &reader.entry)) == ARCHIVE_OK || result == ARCHIVE_WARN)
        add(&reader);
    if (result != ARCHIVE_EOF)
        fail(&reader);
    archive_read_free(reader.archive);
}

bool tree_is_readable(const char *path)
{
    static const struct {
        unsigned offset, length;
        const char *bytes;
    } magics[] = {
        {257, 5, "ustar"}, {0, 5, "07070"}, {0, 2, "\x1f\x8b"}, /* gzip */
        {0, 2, "\x1f\x9d"},                                     /* compress */
        {0, 3, "BZh"},                                          /* bzip2 */
        {0, 6,
            "\xfd"
            "7zXZ\0"},              /* xz */
        {0, 4, "\x28\xb5\x2f\xfd"}, /* zstd */
        {0, 4, "\x04\x22\x4d\x18"}, /* lz4 */
        {0, 4, "\x02\x21\x4c\x18"}, /* lz4, the older kind */
    };
    static const char *const names[] = {".tar", ".tar.lzma", ".tlz", ".cpio"};
    struct stat status;
    uint8_t start[512] = {0};
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return true;
    file_read_start(path, start, sizeof start);
    for (unsigned i = 0; i < ARRAY_LENGTH(magics); i++)
        if (memcmp(start + magics[i].offset, magics[i].bytes, magics[i].length) == 0)
            return true;
    for (unsigned i = 0; i < ARRAY_LENGTH(names); i++)
        if (text_ends_with(path, names[i]))
            return true;
    return false;
}
