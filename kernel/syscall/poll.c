/*
 * poll, ppoll, select, pselect6: the program's lists become arrays for poll_files (fs/poll.h), and its answers go back.
 *
 * poll is made again by restart_syscall, with the time that it should have ended; the others write back how much time
 * was left, and are made again as they were.
 *
 * Source: poll(2), select(2), restart_syscall(2).
 */
#include "lib/bitmap.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "syscall/waiting.h"

/* ------------------------------------------------------------------------------------------------------------------
 * Times and masks
 */

uint64_t deadline_after(uint64_t ns)
{
    uint64_t now = clock_monotonic();
    return ns == 0 ? 0 : ns < THREAD_FOREVER - now ? now + ns : THREAD_FOREVER;
}

uint64_t deadline_after_ms(int ms)
{
    return ms < 0 ? THREAD_FOREVER : deadline_after((uint64_t)ms * NS_PER_MS);
}

int time_check(const struct user_timespec *time, uint64_t *ns)
{
    if (time->seconds < 0 || time->nanoseconds < 0 || time->nanoseconds >= (int64_t)NS_PER_SECOND)
        return -EINVAL;
    uint64_t seconds = min_u64((uint64_t)time->seconds, INT64_MAX / NS_PER_SECOND - 1);
    *ns = seconds * NS_PER_SECOND + (uint64_t)time->nanoseconds;
    return 0;
}

int deadline_read(uaddr_t address, uint64_t *deadline)
{
    struct user_timespec time;
    uint64_t ns;
    *deadline = THREAD_FOREVER;
    if (address == 0)
        return 0;
    if (copy_from_user(&time, address) < 0)
        return -EFAULT;
    int error = time_check(&time, &ns);
    if (error == 0)
        *deadline = deadline_after(ns);
    return error;
}

int wait_mask_set(uaddr_t address, uint64_t size)
{
    uint64_t mask;
    if (address == 0)
        return 0;
    if (size != sizeof mask)
        return -EINVAL;
    if (copy_from_user(&mask, address) < 0)
        return -EFAULT;
    signal_mask_for_wait(mask);
    return 0;
}

static uint64_t time_left(uint64_t deadline)
{
    uint64_t now = clock_monotonic();
    return deadline > now ? deadline - now : 0;
}

/* An interrupted wait: RESULT, with the time that is left at ADDRESS. What cannot be told cannot be made again. */
static long finish_timespec(uaddr_t address, uint64_t deadline, long result)
{
    result = result == -ERESTARTSYS ? -ERESTARTNOHAND : result;
    if (address == 0 || deadline == 0)
        return result;
    uint64_t left = time_left(deadline);
    struct user_timespec time = {(int64_t)(left / NS_PER_SECOND), (int64_t)(left % NS_PER_SECOND)};
    return copy_to_user(address, &time) < 0 && result == -ERESTARTNOHAND ? -EINTR : result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * poll
 */

struct user_pollfd {
    int32_t fd;
    int16_t wanted, events;
};

#define FEW 16

/* Finds the files. */
static void begin(struct polled *polled, const struct user_pollfd *fds, size_t count)
{
    struct task_files *files = task_current()->files;
    for (size_t i = 0; i < count; i++) {
        struct file *file = fds[i].fd < 0 ? NULL : files_find(files, fds[i].fd);
        polled[i] = (struct polled){.file = file, .wanted = (uint16_t)fds[i].wanted | POLLERR | POLLHUP};
        if (file == NULL && fds[i].fd >= 0)
            polled[i].events = POLLNVAL;
    }
}

static void end(const struct polled *polled, struct user_pollfd *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fds[i].events = (int16_t)polled[i].events;
        if (polled[i].file)
            file_put(polled[i].file);
    }
}

static long poll_until(uaddr_t list, uint64_t count, uint64_t deadline)
{
    struct user_pollfd few_fds[FEW], *fds = few_fds;
    struct polled few[FEW], *polled = few;
    if (count > task_current()->process->limits[RLIMIT_NOFILE].current || count > INT32_MAX)
        return -EINVAL;
    if (count > FEW) {
        polled = kmalloc(count * (sizeof *polled + sizeof *fds), 0);
        if (polled == NULL)
            return -ENOMEM;
        fds = (struct user_pollfd *)(polled + count);
    }
    long result = -EFAULT;
    if (user_range_ok(list, count * sizeof *fds) && user_read(fds, list, count * sizeof *fds) == 0) {
        begin(polled, fds, count);
        result = poll_files(polled, count, deadline);
        end(polled, fds, count);
        if (result != -ENOMEM && user_write(list, fds, count * sizeof *fds) > 0)
            result = -EFAULT;
    }
    if (polled != few)
        kfree(polled);
    return result;
}

static long poll_again(struct restart *restart);

static long poll_or_restart(uaddr_t list, uint64_t count, uint64_t deadline)
{
    long result = poll_until(list, count, deadline);
    if (result != -ERESTARTSYS)
        return result;
    task_current()->restart = (struct restart){.function = poll_again, .values = {list, count, deadline}};
    return -ERESTART_RESTARTBLOCK;
}

static long poll_again(struct restart *restart)
{
    return poll_or_restart(restart->values[0], restart->values[1], restart->values[2]);
}

long sys_poll(const uint64_t a[6])
{
    return poll_or_restart(a[0], (unsigned)a[1], deadline_after_ms((int)a[2]));
}

long sys_ppoll(const uint64_t a[6])
{
    uint64_t deadline;
    int error = deadline_read(a[2], &deadline);
    if (error || (error = wait_mask_set(a[3], a[4])) < 0)
        return error;
    return finish_timespec(a[2], deadline, poll_until(a[0], (unsigned)a[1], deadline));
}

/* ------------------------------------------------------------------------------------------------------------------
 * select
 *
 * Three sets of descriptors, each a bit map.
 */

#define SETS 3

/* Which answers count for a set. */
static const uint16_t meaning[SETS] = {
    POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
    POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
    POLLPRI,
};

struct selection {
    unsigned count; /* descriptors: bits of each set that count */
    size_t words;   /* of each set */
    uint64_t *sets; /* SETS times */
    uaddr_t user[SETS];
};

static uint64_t *set_of(const struct selection *selection, unsigned which)
{
    return selection->sets + which * selection->words;
}

static int sets_read(const struct selection *selection)
{
    for (unsigned i = 0; i < SETS; i++) {
        uint64_t *set = set_of(selection, i);
        if (selection->user[i] == 0)
            memset(set, 0, selection->words * sizeof *set);
        else if (user_read(set, selection->user[i], selection->words * sizeof *set) > 0)
            return -EFAULT;
        if (selection->count % 64)
            set[selection->words - 1] &= (1ull << selection->count % 64) - 1;
    }
    return 0;
}

static int sets_write(const struct selection *selection)
{
    for (unsigned i = 0; i < SETS; i++)
        if (selection->user[i] &&
            user_write(selection->user[i], set_of(selection, i), selection->words * sizeof(uint64_t)) > 0)
            return -EFAULT;
    return 0;
}

static size_t sets_population(const struct selection *selection)
{
    size_t population = 0;
    for (size_t w = 0; w < selection->words; w++)
        population +=
            (size_t)__builtin_popcountll(set_of(selection, 0)[w] | set_of(selection, 1)[w] | set_of(selection, 2)[w]);
    return population;
}

/* Finds the files, as many as the population says. -EBADF: one is not open; *found counts what is to be put. */
static int find_files(const struct selection *selection, struct polled *polled, size_t *found)
{
    *found = 0;
    for (unsigned fd = 0; fd < selection->count; fd++) {
        unsigned wanted = 0;
        for (unsigned i = 0; i < SETS; i++)
            if (bitmap_test(set_of(selection, i), fd))
                wanted |= meaning[i];
        if (wanted == 0)
            continue;
        struct file *file = files_find(task_current()->files, (int)fd);
        if (file == NULL)
            return -EBADF;
        polled[(*found)++] = (struct polled){.file = file, .wanted = (uint16_t)wanted, .tag = fd};
    }
    return 0;
}

/* Leaves in each set those that are ready; how many bits. */
static long sets_answer(const struct selection *selection, const struct polled *polled, size_t count)
{
    long bits = 0;
    for (size_t n = 0; n < count; n++)
        for (unsigned i = 0; i < SETS; i++) {
            uint64_t *set = set_of(selection, i);
            if (!bitmap_test(set, polled[n].tag))
                continue;
            if (polled[n].events & meaning[i])
                bits++;
            else
                bitmap_clear(set, polled[n].tag);
        }
    return bits;
}

static long select_files(const struct selection *selection, uint64_t deadline)
{
    struct polled few[FEW], *polled = few;
    size_t found, population = sets_population(selection);
    if (population > FEW)
        polled = kmalloc(population * sizeof *polled, 0);
    if (polled == NULL)
        return -ENOMEM;
    long result = find_files(selection, polled, &found);
    if (result == 0)
        result = poll_files(polled, found, deadline);
    if (result >= 0)
        result = sets_answer(selection, polled, found);
    for (size_t i = 0; i < found; i++)
        file_put(polled[i].file);
    if (polled != few)
        kfree(polled);
    return result;
}

static long select_until(const uint64_t a[6], uint64_t deadline)
{
    uint64_t few[SETS * 2];
    if ((int)a[0] < 0)
        return -EINVAL;
    struct selection selection = {
        .count = (unsigned)min_u64((unsigned)a[0], files_size(task_current()->files)), .user = {a[1], a[2], a[3]}};
    selection.words = (selection.count + 63) / 64;
    selection.sets =
        selection.words * SETS <= ARRAY_LENGTH(few) ? few : kmalloc(selection.words * SETS * sizeof *selection.sets, 0);
    if (selection.sets == NULL)
        return -ENOMEM;
    long result = sets_read(&selection);
    if (result == 0)
        result = select_files(&selection, deadline);
    if (result >= 0 && sets_write(&selection) < 0)
        result = -EFAULT;
    if (selection.sets != few)
        kfree(selection.sets);
    return result;
}

struct user_timeval {
    int64_t seconds, microseconds;
};

long sys_select(const uint64_t a[6])
{
    struct user_timeval time;
    uint64_t deadline = THREAD_FOREVER;
    if (a[4]) {
        if (copy_from_user(&time, a[4]) < 0)
            return -EFAULT;
        struct user_timespec spec = {time.seconds, time.microseconds % 1000000 * 1000};
        uint64_t ns;
        if (__builtin_add_overflow(time.seconds, time.microseconds / 1000000, &spec.seconds) ||
            time_check(&spec, &ns) < 0)
            return -EINVAL;
        deadline = deadline_after(ns);
    }
    long result = select_until(a, deadline);
    result = result == -ERESTARTSYS ? -ERESTARTNOHAND : result;
    if (a[4] == 0 || deadline == 0)
        return result;
    uint64_t left = time_left(deadline);
    time = (struct user_timeval){(int64_t)(left / NS_PER_SECOND), (int64_t)(left % NS_PER_SECOND / NS_PER_US)};
    return copy_to_user(a[4], &time) < 0 && result == -ERESTARTNOHAND ? -EINTR : result;
}

long sys_pselect6(const uint64_t a[6])
{
    struct {
        uint64_t mask, size;
    } mask = {0};
    uint64_t deadline;
    if (a[5] && copy_from_user(&mask, a[5]) < 0)
        return -EFAULT;
    int error = deadline_read(a[4], &deadline);
    if (error || (error = wait_mask_set(mask.mask, mask.size)) < 0)
        return error;
    return finish_timespec(a[4], deadline, select_until(a, deadline));
}
