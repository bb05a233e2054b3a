/*
 * What of the kernel is in use: objects of each slab cache, open files, inodes, names, pages. Before and after, to see
 * that nothing is left.
 *
 *     struct counts before, after;
 *     counts_read(&before);
 *     ...
 *     if (!counts_return_to(&before, &after, 2.0, text, sizeof text))
 *         printf("# left: %s\n", text);
 */
#ifndef CORRODE_TESTS_GUEST_COUNTS_H
#define CORRODE_TESTS_GUEST_COUNTS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNTS_MAX 160

struct counts {
    unsigned count;
    struct counted {
        char name[40];
        long value;
    } all[COUNTS_MAX];
};

static inline void counts_add(struct counts *counts, const char *name, long value)
{
    if (counts->count == COUNTS_MAX)
        return;
    struct counted *counted = &counts->all[counts->count++];
    snprintf(counted->name, sizeof counted->name, "%s", name);
    counted->value = value;
}

static inline size_t counts_slurp(const char *path, char *text, size_t size)
{
    size_t length = 0;
    ssize_t more = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    while (length < size - 1 && (more = read(fd, text + length, size - 1 - length)) > 0)
        length += (size_t)more;
    close(fd);
    text[length] = '\0';
    return length;
}

/* The first word of each line of a file, and the number after it. */
static inline void counts_read_table(struct counts *counts, const char *path, const char *const *wanted)
{
    static char text[32768];
    char *rest, *line, name[40];
    long value;
    counts_slurp(path, text, sizeof text);
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (sscanf(line, "%39s %ld", name, &value) != 2)
            continue;
        bool is_wanted = wanted == NULL;
        for (unsigned i = 0; wanted && wanted[i]; i++)
            is_wanted |= strcmp(wanted[i], name) == 0;
        if (is_wanted)
            counts_add(counts, name, value);
    }
}

static inline void counts_read_number(struct counts *counts, const char *path, const char *name)
{
    char text[64];
    if (counts_slurp(path, text, sizeof text) > 0)
        counts_add(counts, name, atol(text));
}

static inline long counts_value(const struct counts *counts, const char *name)
{
    for (unsigned i = 0; i < counts->count; i++)
        if (strcmp(counts->all[i].name, name) == 0)
            return counts->all[i].value;
    return 0;
}

/* Gives back what is only kept for the next time, and counts. */
static inline void counts_read(struct counts *counts)
{
    static const char *const pages[] = {"KernelStack:", "PageTables:", "AnonPages:", "Shmem:", NULL};
    int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "3\n", 2) < 0)
            perror("drop_caches");
        close(fd);
    }
    counts->count = 0;
    counts_read_table(counts, "/proc/slabinfo", NULL);
    counts_read_table(counts, "/proc/meminfo", pages);
    static struct counts memory;
    memory.count = 0;
    counts_read_table(&memory, "/proc/meminfo", NULL);
    counts_add(counts, "pages",
        (counts_value(&memory, "MemTotal:") - counts_value(&memory, "MemFree:") - counts_value(&memory, "Slab:")) / 4);
    counts_read_number(counts, "/proc/sys/fs/file-nr", "files");
    counts_read_number(counts, "/proc/sys/fs/inode-nr", "inodes");
    counts_read_number(counts, "/proc/sys/fs/dentry-state", "dentries");
}

/* Tells what there is more of than before; false: nothing. */
static inline bool counts_compare(const struct counts *before, const struct counts *after, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < after->count; i++) {
        long was = counts_value(before, after->all[i].name);
        if (after->all[i].value > was && length < size)
            length += (size_t)snprintf(
                text + length, size - length, " %s %ld -> %ld", after->all[i].name, was, after->all[i].value);
    }
    return length > 0;
}

/* Within SECONDS; what ends may take a moment. False: TEXT tells what there is more of. */
static inline bool counts_return_to(const struct counts *before, double seconds, char *text, size_t size)
{
    static struct counts after;
    const struct timespec moment = {0, 5000000};
    for (double slept = 0;; slept += 0.005) {
        counts_read(&after);
        if (!counts_compare(before, &after, text, size))
            return true;
        if (slept > seconds)
            return false;
        nanosleep(&moment, NULL);
    }
}

#endif
