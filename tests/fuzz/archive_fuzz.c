/*
 * Fuzzes archives of first files (kernel/fs/archive/): any bytes may be one. What arrives must make sense, member by
 * member, and the report must tell where it ended.
 *
 * Input: the first byte chooses what the rest is: 0 the whole; 1 what comes out of gzip or LZ4, cut into pieces.
 */
#include "fs/archive/archive_internal.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

struct observer {
    struct archive_sink sink;
    bool within;   /* between begin and end */
    uint64_t left; /* bytes of the member that are to come */
    uint64_t total;
    unsigned members;
};

static int begin(struct archive_sink *sink, const struct archive_member *member)
{
    struct observer *observer = container_of(sink, struct observer, sink);
    CHECK(!observer->within && strnlen(member->name, ARCHIVE_NAME_MAX) < ARCHIVE_NAME_MAX);
    observer->within = true;
    observer->left = member->size;
    return 0;
}

static int data(struct archive_sink *sink, const void *bytes, size_t length)
{
    struct observer *observer = container_of(sink, struct observer, sink);
    CHECK(observer->within && length > 0 && length <= observer->left);
    observer->left -= length;
    observer->total += ((const uint8_t *)bytes)[0] + ((const uint8_t *)bytes)[length - 1]; /* both are there */
    return 0;
}

static int end(struct archive_sink *sink)
{
    struct observer *observer = container_of(sink, struct observer, sink);
    CHECK(observer->within && observer->left == 0);
    observer->within = false;
    observer->members++;
    return 0;
}

static void trailer(struct archive_sink *sink)
{
    CHECK(!container_of(sink, struct observer, sink)->within);
}

static void put_pieces(struct observer *observer, const uint8_t *bytes, size_t size)
{
    static struct cpio cpio;
    cpio_init(&cpio, &observer->sink);
    for (size_t at = 0, step = 1; at < size; step = step * 5 % 1021) {
        size_t piece = min_u64(step, size - at);
        long taken = cpio_put(&cpio, bytes + at, piece);
        CHECK(taken <= (long)piece);
        if (taken < (long)piece)
            return;
        at += piece;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct observer observer = {.sink = {.begin = begin, .data = data, .end = end, .trailer = trailer}};
    if (size < 1)
        return 0;
    if (bytes[0] & 1) {
        put_pieces(&observer, bytes + 1, size - 1);
        return 0;
    }
    struct archive_report report;
    int error = archive_unpack(bytes + 1, size - 1, &observer.sink, &report);
    CHECK(report.at <= size - 1 && report.members == observer.members);
    CHECK(error ? report.problem != NULL : report.problem == NULL && report.at == size - 1 && !observer.within);
    return 0;
}
