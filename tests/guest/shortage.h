/*
 * Lack of memory inside system calls, for guest tests: each call is made again and again, while its first, its second
 * ... allocation fails (/proc/self/fail-nth, which debug kernels have), until it asks for fewer. It fails with ENOMEM
 * or what else its manual has for that, or can do without; afterwards nothing has been left behind (/proc/slabinfo).
 * Where there is no such file each call is made once.
 *
 *     shortage_begin();
 *     shortage_call(&call);               a point for each
 */
#ifndef CORRODE_TESTS_GUEST_SHORTAGE_H
#define CORRODE_TESTS_GUEST_SHORTAGE_H

#include "tests/guest/guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALLOCATIONS_MAX 2000
#define RUNS_MAX 4

struct call {
    const char *name;
    long (*make)(void);        /* negative: errno says why */
    void (*undo)(long result); /* with no allocation failing; NULL: there is nothing to undo */
    int other;                 /* error that it may have besides ENOMEM and EFAULT */
};

static int fail_nth = -1; /* the main thread's */

static void shortage_begin(void)
{
    fail_nth = open("/proc/self/fail-nth", O_RDWR);
}

static bool set_countdown(int fd, unsigned n)
{
    char text[16];
    int length = snprintf(text, sizeof text, "%u", n);
    return pwrite(fd, text, (size_t)length, 0) == length;
}

/* Makes it with its Nth allocation failing; *failed: it has as many. False: it goes wrong. */
static bool make_failing(const struct call *call, unsigned n, bool *failed)
{
    char left[16] = "";
    if (!set_countdown(fail_nth, n))
        return false;
    errno = 0;
    long result = call->make();
    int error = errno;
    *failed = pread(fail_nth, left, sizeof left, 0) > 0 && atoi(left) == 0;
    if (!set_countdown(fail_nth, 0))
        return false;
    if (call->undo)
        call->undo(result);
    bool fine = result >= 0 || (*failed && (error == ENOMEM || error == EFAULT || error == call->other));
    if (!fine)
        printf("# %s, allocation %u: error %d\n", call->name, n, error);
    return fine;
}

static bool make_all(const struct call *call)
{
    bool failed = true, fine = true;
    unsigned n = 1;
    for (; failed && n < ALLOCATIONS_MAX; n++)
        fine = make_failing(call, n, &failed) && fine;
    printf("# %s: %u allocations\n", call->name, n - 2);
    return fine && n < ALLOCATIONS_MAX;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What is left behind
 */

#define CACHES_MAX 200
struct usage {
    unsigned caches;
    char names[CACHES_MAX][32];
    long objects[CACHES_MAX];
};

static void read_usage(struct usage *usage)
{
    static char text[65536];
    size_t length = 0;
    ssize_t got;
    int fd = open("/proc/slabinfo", O_RDONLY);
    while (length < sizeof text - 1 && (got = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    close(fd);
    usage->caches = 0;
    for (char *line = strtok(text, "\n"); line && usage->caches < CACHES_MAX; line = strtok(NULL, "\n"))
        if (sscanf(line, "%31s %ld", usage->names[usage->caches], &usage->objects[usage->caches]) == 2 &&
            strcmp(usage->names[usage->caches], "magazine") != 0) /* those hold free objects */
            usage->caches++;
}

/* Which kind has become more, once all has had time to settle. */
static const char *grown(const struct usage *before, long *by)
{
    static struct usage now;
    for (unsigned attempts = 0;; attempts++) {
        const char *name = NULL;
        read_usage(&now);
        for (unsigned i = 0; i < now.caches && i < before->caches; i++)
            if (strcmp(now.names[i], before->names[i]) == 0 && now.objects[i] > before->objects[i]) {
                name = now.names[i];
                *by = now.objects[i] - before->objects[i];
            }
        if (name == NULL || attempts == 20)
            return name;
        usleep(5000);
    }
}

/* Caches fill up and some things are made at first use: what is left behind again and again is a leak. */
static bool leaves_nothing(const char *what, bool (*walk)(const struct call *), const struct call *call)
{
    static struct usage before;
    const char *name = "";
    bool fine = true;
    long by = 0;
    for (unsigned runs = 0; fine && name && runs < RUNS_MAX; runs++) {
        read_usage(&before);
        fine = walk(call);
        name = grown(&before, &by);
    }
    if (fine && name)
        printf("# %s leaves %ld of %s\n", what, by, name);
    return fine && name == NULL;
}

static void shortage_call(const struct call *call)
{
    errno = 0;
    long result = call->make();
    bool fine = result >= 0;
    if (call->undo)
        call->undo(result);
    if (fail_nth >= 0)
        fine = fine && leaves_nothing(call->name, make_all, call);
    point(fine, call->name, __LINE__);
}

#endif
