/*
 * Archives in the format of cpio ("newc"), perhaps compressed with gzip or LZ4: what a boot loader hands to a kernel as
 * its first files. What is in them is handed on, member by member, as it comes.
 *
 *     struct archive_sink sink = {.begin = ..., .data = ..., .end = ..., .trailer = ...};
 *     struct archive_report report;
 *     if (archive_unpack(data, size, &sink, &report) < 0)
 *         log_error("%s at byte %lu", report.problem, report.at);
 *
 * As with Linux, several may follow each other, each compressed in its own way or not at all, with zeros between them;
 * what comes later is unpacked over what came before.
 *
 * Nothing in here touches files; it needs memory (kmalloc, vmap) only for what is compressed.
 *
 * Source: Linux Documentation/driver-api/early-userspace/buffer-format.rst; cpio(5); RFC 1952 (gzip); LZ4's doc/
 * lz4_Frame_format.md.
 */
#ifndef CORRODE_FS_ARCHIVE_ARCHIVE_H
#define CORRODE_FS_ARCHIVE_ARCHIVE_H

#include "lib/types.h"

#define ARCHIVE_NAME_MAX 4096 /* with the NUL */

struct archive_member {
    const char *name;
    uint32_t mode; /* with the type */
    uint32_t uid, gid;
    uint32_t links;
    uint32_t inode, major, minor; /* together: which file it is, where it has several names */
    uint32_t time;                /* seconds since 1970 */
    uint32_t device;              /* of a node: major << 8 | minor */
    uint32_t size;                /* bytes of data that follow: contents, or a link's text */
};

/* Who gets what is in the archive. For each member: begin, data any number of times, end. An error ends it all. */
struct archive_sink {
    int (*begin)(struct archive_sink *sink, const struct archive_member *member);
    int (*data)(struct archive_sink *sink, const void *data, size_t length);
    int (*end)(struct archive_sink *sink);
    void (*trailer)(struct archive_sink *sink); /* an archive is at its end, and so are the names of one file */
};

struct archive_report {
    unsigned members;    /* that came to their end */
    size_t at;           /* the byte of what was given where it ended */
    const char *problem; /* a sentence without a subject: "is damaged"; NULL: all is well */
};

/* Does it begin as an archive does, or as something compressed that may be one? */
bool archive_is_one(const void *data, size_t size);

/* 0; -EINVAL: something is wrong with it, see the report; -ENOMEM; or what the sink said. */
int archive_unpack(const void *data, size_t size, struct archive_sink *sink, struct archive_report *report);

#endif
