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
    if (ns == 0)
        return 0;
    uint64_t now = clock_monotonic();
    return ns < THREAD_FOREVER - now ? now + ns : THREAD_FOREVER;
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

int wait_mask_read(uaddr_t address, uint64_t size)
{
    uint64_t mask;
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

static unsigned wanted_of(const struct user_pollfd *fd)
{
    return (uint16_t)fd->wanted | POLLERR | POLLHUP;
}

/* Asks them all, in a table of descriptors that no other task has. How many are ready. */
static long ask_now(const struct task_files *files, struct user_pollfd *fds, size_t count)
{
    long ready = 0;
    for (size_t i = 0; i < count; i++) {
        struct file *file = fds[i].fd < 0 ? NULL : files_peek(files, fds[i].fd);
        unsigned events = file ? file_poll(file, NULL) & wanted_of(&fds[i]) : fds[i].fd < 0 ? 0 : POLLNVAL;
        fds[i].events = (int16_t)events;
        ready += events != 0;
    }
    return ready;
}

/* Finds the files. */
static void begin(struct task_files *files, struct polled *polled, const struct user_pollfd *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct file_use use = fds[i].fd < 0 ? (struct file_use){0} : files_use(files, fds[i].fd);
        polled[i] = (struct polled){.file = use.file, .wanted = (uint16_t)wanted_of(&fds[i]), .tag = use.counted};
        if (use.file == NULL && fds[i].fd >= 0)
            polled[i].events = POLLNVAL;
    }
}

static void end(const struct polled *polled, struct user_pollfd *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fds[i].events = (int16_t)polled[i].events;
        file_unuse((struct file_use){.file = polled[i].file, .counted = polled[i].tag});
    }
}

static long ask_and_wait(struct user_pollfd *fds, size_t count, uint64_t deadline)
{
    struct task_files *files = task_current()->files;
    bool own = files_are_own(files);
    struct polled few[FEW], *polled = few;
    long result = own ? ask_now(files, fds, count) : 0;
    if (result != 0 || (own && deadline == 0))
        return result;
    if (count > FEW && (polled = kmalloc(count * sizeof *polled, 0)) == NULL)
        return -ENOMEM;
    begin(files, polled, fds, count);
    result = own ? poll_files_wait(polled, count, deadline) : poll_files(polled, count, deadline);
    end(polled, fds, count);
    if (polled != few)
        kfree(polled);
    return result;
}

static long poll_until(uaddr_t list, uint64_t count, uint64_t deadline)
{
    struct user_pollfd few[FEW], *fds = few;
    size_t size = count * sizeof *fds;
    if (count > task_current()->process->limits[RLIMIT_NOFILE].current || count > INT32_MAX)
        return -EINVAL;
    if (count > FEW && (fds = kmalloc(size, 0)) == NULL)
        return -ENOMEM;
    long result = -EFAULT;
    if (user_range_ok(list, size) && user_read(fds, list, size) == 0) {
        result = ask_and_wait(fds, count, deadline);
        if (result != -ENOMEM && user_write(list, fds, size) > 0)
            result = -EFAULT;
    }
    if (fds != few)
        kfree(fds);
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

/* Three sets, and behind them the three that are the answer. */
struct selection {
    unsigned count; /* descriptors: bits of each set that count */
    size_t words;   /* of each set */
    uint64_t *sets; /* 2 * SETS times so many words */
    uaddr_t user[SETS];
};

static uint64_t *set_of(const struct selection *selection, unsigned which)
{
    return selection->sets + which * selection->words;
}

static uint64_t *answer_of(const struct selection *selection, unsigned which)
{
    return set_of(selection, SETS + which);
}

static int sets_read(const struct selection *selection)
{
    size_t size = selection->words * sizeof(uint64_t);
    memset(selection->sets, 0, 2 * SETS * size);
    for (unsigned i = 0; i < SETS; i++) {
        uint64_t *set = set_of(selection, i);
        if (selection->user[i] && user_read(set, selection->user[i], size) > 0)
            return -EFAULT;
        if (selection->count % 64)
            set[selection->words - 1] &= (1ull << selection->count % 64) - 1;
    }
    return 0;
}

static int answer_write(const struct selection *selection)
{
    for (unsigned i = 0; i < SETS; i++)
        if (selection->user[i] &&
            user_write(selection->user[i], answer_of(selection, i), selection->words * sizeof(uint64_t)) > 0)
            return -EFAULT;
    return 0;
}

/* Descriptors from 64 * WORD on that are in any set, a bit each. */
static uint64_t any_of(const struct selection *selection, size_t word)
{
    return set_of(selection, 0)[word] | set_of(selection, 1)[word] | set_of(selection, 2)[word];
}

/* FD is ready for EVENTS: how many bits that makes. */
static long answer(const struct selection *selection, unsigned fd, unsigned events)
{
    size_t word = fd / 64, bit = fd % 64;
    long bits = 0;
    for (unsigned i = 0; i < SETS; i++) {
        uint64_t ready = (set_of(selection, i)[word] >> bit & 1) & ((events & meaning[i]) != 0);
        answer_of(selection, i)[word] |= ready << bit;
        bits += (long)ready;
    }
    return bits;
}

/* Which of the descriptors SET, from FIRST on, are ready for EVENTS: a bit each, too. False: one of them is not open.
 */
static bool ask_word(const struct task_files *files, unsigned first, uint64_t set, unsigned events, uint64_t *answer)
{
    uint64_t ready = 0;
    for (; set; set &= set - 1) {
        struct file *file = files_peek(files, (int)(first + (unsigned)__builtin_ctzll(set)));
        if (file == NULL)
            return false;
        ready |= file_poll(file, NULL) & events ? set & -set : 0;
    }
    *answer = ready;
    return true;
}

/*
 * Asks them all, in a table of descriptors that no other task has: one that is in several sets, as often. How many bits
 * are ready; -EBADF: one is not open.
 */
static long select_now(const struct selection *selection, const struct task_files *files)
{
    long bits = 0;
    for (unsigned i = 0; i < SETS; i++)
        for (size_t word = 0; word < selection->words; word++) {
            uint64_t set = set_of(selection, i)[word], *answer = &answer_of(selection, i)[word];
            if (set && !ask_word(files, (unsigned)word * 64, set, meaning[i], answer))
                return -EBADF;
            bits += *answer ? __builtin_popcountll(*answer) : 0;
        }
    return bits;
}

static size_t population(const struct selection *selection)
{
    size_t count = 0;
    for (size_t word = 0; word < selection->words; word++)
        count += (size_t)__builtin_popcountll(any_of(selection, word));
    return count;
}

static unsigned wanted_by(const struct selection *selection, unsigned fd)
{
    unsigned wanted = 0;
    for (unsigned i = 0; i < SETS; i++)
        if (bitmap_test(set_of(selection, i), fd))
            wanted |= meaning[i];
    return wanted;
}

/* Finds the files, as many as the population is, each with a reference. -EBADF: one is not open. *found: to be put. */
static int find_files(const struct selection *selection, struct polled *polled, size_t *found)
{
    *found = 0;
    for (size_t word = 0; word < selection->words; word++)
        for (uint64_t left = any_of(selection, word); left; left &= left - 1) {
            unsigned fd = (unsigned)(word * 64) + (unsigned)__builtin_ctzll(left);
            struct file *file = files_find(task_current()->files, (int)fd);
            if (file == NULL)
                return -EBADF;
            polled[(*found)++] = (struct polled){.file = file, .wanted = (uint16_t)wanted_by(selection, fd), .tag = fd};
        }
    return 0;
}

static long select_waiting(const struct selection *selection, uint64_t deadline)
{
    struct polled few[FEW], *polled = few;
    size_t found, count = population(selection);
    if (count > FEW && (polled = kmalloc(count * sizeof *polled, 0)) == NULL)
        return -ENOMEM;
    long result = find_files(selection, polled, &found);
    if (result == 0)
        result = poll_files(polled, found, deadline);
    if (result > 0) {
        result = 0;
        for (size_t i = 0; i < found; i++)
            result += answer(selection, polled[i].tag, polled[i].events);
    }
    for (size_t i = 0; i < found; i++)
        file_put(polled[i].file);
    if (polled != few)
        kfree(polled);
    return result;
}

static long select_files(const struct selection *selection, uint64_t deadline)
{
    const struct task_files *files = task_current()->files;
    if (!files_are_own(files))
        return select_waiting(selection, deadline);
    long result = select_now(selection, files);
    return result != 0 || deadline == 0 ? result : select_waiting(selection, deadline);
}

static long select_until(const uint64_t a[6], uint64_t deadline)
{
    uint64_t few[2 * SETS * 4];
    if ((int)a[0] < 0)
        return -EINVAL;
    struct selection selection = {
        .count = (unsigned)min_u64((unsigned)a[0], files_size(task_current()->files)), .user = {a[1], a[2], a[3]}};
    selection.words = (selection.count + 63) / 64;
    size_t words = 2 * SETS * selection.words;
    selection.sets = words <= ARRAY_LENGTH(few) ? few : kmalloc(words * sizeof *selection.sets, 0);
    if (selection.sets == NULL)
        return -ENOMEM;
    long result = sets_read(&selection);
    if (result == 0)
        result = select_files(&selection, deadline);
    if (result >= 0 && answer_write(&selection) < 0)
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
