/*
 * The format is "newc": for each name a header of 110 characters, the name with its NUL, and the contents, name and
 * contents each padded to four bytes; a last entry TRAILER!!!. A file with several names has the same number in each of
 * them, and its contents with the last.
 *
 * Source: Linux Documentation/driver-api/early-userspace/buffer-format.rst; cpio(5).
 */
#include "cpio.h"

#include "file.h"
#include "lib/types.h"
#include "report.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NAME_MAX_SIZE 4096 /* with the NUL: what kernels take */

struct writer {
    struct output output;
    uint64_t at;
    uint32_t numbers; /* given so far */
};

static void put(struct writer *writer, const void *data, uint64_t size)
{
    output_write(&writer->output, writer->at, data, size);
    writer->at += size;
    uint64_t padding = align_up(writer->at, 4) - writer->at;
    output_write(&writer->output, writer->at, "\0\0\0", padding);
    writer->at += padding;
}

/* A header and the name. */
static void put_header(struct writer *writer, const struct tree_node *node, const char *name, uint64_t size)
{
    size_t length = strlen(name) + 1;
    if (length > NAME_MAX_SIZE)
        fatal(name, "this path is too long for an initramfs; shorten it, to %d bytes", NAME_MAX_SIZE - 1);
    uint32_t names = S_ISDIR(node->mode) ? 2 : node->names;
    char *header =
        text_format("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s", node->number, node->mode, node->uid,
            node->gid, names, node->time, (uint32_t)size, 0u, 0u, node->major, node->minor, (uint32_t)length, 0u, name);
    put(writer, header, strlen(header) + 1);
    free(header);
}

static void put_source(struct writer *writer, const struct tree_node *node)
{
    struct file file = file_load(node->source);
    if (file.size != node->size)
        fatal(node->source, "changes while it is being read; wait until whoever writes it has done");
    put(writer, file.data, file.size);
    munmap(file.data, file.size);
}

static void put_entry(struct writer *writer, struct tree_node *node, const char *name)
{
    bool first = node->number == 0;
    if (first) {
        node->number = ++writer->numbers;
        node->left = node->names;
    }
    bool last = S_ISDIR(node->mode) || --node->left == 0;
    uint64_t size = last ? node->size : 0;
    if (size > UINT32_MAX)
        fatal(name, "this file has more than 4 GiB, which an initramfs cannot hold; leave it out");
    put_header(writer, node, name, size);
    if (size && node->data)
        put(writer, node->data, size);
    else if (size)
        put_source(writer, node);
}

/* What is in a directory, each followed by what is in it. */
static void put_directory(struct writer *writer, const struct tree_node *directory, const char *path)
{
    for (size_t i = 0; i < directory->count; i++) {
        const struct tree_entry *entry = &directory->entries[i];
        char *name = text_format("%s%s%s", path, *path ? "/" : "", entry->name);
        put_entry(writer, entry->node, name);
        if (S_ISDIR(entry->node->mode))
            put_directory(writer, entry->node, name);
        free(name);
    }
}

void cpio_write(struct tree_node *root, const char *path)
{
    static const struct tree_node none = {.names = 1};
    struct writer writer = {.output = output_create(path, 0)};
    put_entry(&writer, root, ".");
    put_directory(&writer, root, "");
    put_header(&writer, &none, "TRAILER!!!", 0);
    output_close(&writer.output);
}
