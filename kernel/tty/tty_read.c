/*
 * Reading from a terminal: lines in canonical mode, else as VMIN and VTIME say.
 *
 *     VMIN  VTIME   a read returns
 *     > 0   0       with VMIN bytes or more
 *     > 0   > 0     with VMIN bytes, or when after the first one none has come for VTIME tenths of a second
 *     0     > 0     with what there is, at the latest after VTIME tenths of a second
 *     0     0       with what there is
 *
 * or earlier, with as many as were asked for. One thread reads at a time (tty->reading), so that two do not share a
 * line; the ring itself is guarded by input_lock, under which nothing goes to a program's memory: bytes are taken out
 * of the ring in pieces.
 *
 * Source: POSIX.1-2017, 11.1.4 to 11.1.7; read(2).
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "time/clock.h"
#include "tty/tty_internal.h"

#define PIECE 256             /* bytes that are taken at once */
#define TENTH_NS 100000000ull /* of a second */

/* ------------------------------------------------------------------------------------------------------------------
 * Taking bytes out of the ring; input_lock is held
 */

static void copy_out(struct tty *tty, uint8_t *bytes, uint32_t count)
{
    uint32_t first = tty->tail % TTY_INPUT_SIZE, to_end = TTY_INPUT_SIZE - first;
    memcpy(bytes, &tty->input[first], min_u64(count, to_end));
    if (count > to_end)
        memcpy(bytes + to_end, tty->input, count - to_end);
    tty->tail += count;
}

static bool ends_line(const struct tty *tty, uint32_t at)
{
    return bitmap_test(tty->line_ends, at % TTY_INPUT_SIZE);
}

static bool is_end_of_file(const struct tty *tty, uint32_t at)
{
    return at != tty->lines_end && ends_line(tty, at) && tty_input_at(tty, at) == CC_DISABLED;
}

static void skip_delimiter(struct tty *tty)
{
    bitmap_clear(tty->line_ends, tty->tail++ % TTY_INPUT_SIZE);
}

/* What is there of the first whole line. *ended: it is taken to its end, which may be that of the file. */
static size_t take_line(struct tty *tty, uint8_t *bytes, size_t size, bool *ended)
{
    uint32_t most = (uint32_t)min_u64(size, tty->lines_end - tty->tail), count = 0;
    while (count < most && !ends_line(tty, tty->tail + count))
        count++;
    *ended = count < most;
    copy_out(tty, bytes, count);
    if (!*ended)
        return count;
    if (tty_input_at(tty, tty->tail) != CC_DISABLED)
        bytes[count++] = tty_input_at(tty, tty->tail);
    skip_delimiter(tty);
    return count;
}

static size_t take(struct tty *tty, uint8_t *bytes, size_t size, bool *ended)
{
    *ended = false;
    if (tty_local_flag(tty, ICANON))
        return take_line(tty, bytes, size, ended);
    size = min_u64(size, tty->head - tty->tail);
    copy_out(tty, bytes, (uint32_t)size);
    return size;
}

/* Who has asked for all bytes of a line but its end of file would be told of that by the next read: it is not meant. */
static void skip_end_of_file(struct tty *tty)
{
    if (tty_local_flag(tty, ICANON) && is_end_of_file(tty, tty->tail))
        skip_delimiter(tty);
}

uint32_t tty_input_count(struct tty *tty)
{
    spin_lock(&tty->input_lock);
    uint32_t count = tty->head - tty->tail;
    if (tty_local_flag(tty, ICANON)) {
        count = tty->lines_end - tty->tail;
        for (uint32_t at = tty->tail; at != tty->lines_end; at++)
            count -= is_end_of_file(tty, at);
    }
    spin_unlock(&tty->input_lock);
    return count;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

struct reading {
    struct tty *tty;
    struct file *file;
    size_t done, least; /* bytes; with `least` of them it is over */
    uint64_t deadline;  /* clock_monotonic, or THREAD_FOREVER */
    uint64_t pause;     /* VTIME between two bytes, in nanoseconds; 0: no matter how long */
    bool no_wait;       /* neither VMIN nor VTIME: there is nothing to wait for */
};

static void begin(struct reading *reading, struct file *file)
{
    struct tty *tty = tty_of(file);
    *reading = (struct reading){.tty = tty, .file = file, .deadline = THREAD_FOREVER};
    spin_lock(&tty->input_lock);
    bool lines = tty_local_flag(tty, ICANON);
    unsigned least = tty->termios.c_cc[VMIN];
    uint64_t time = tty->termios.c_cc[VTIME] * TENTH_NS;
    spin_unlock(&tty->input_lock);
    if (lines)
        return;
    reading->least = least > 0 ? least : 1;
    if (least > 0) {
        reading->pause = time;
    } else {
        reading->no_wait = time == 0;
        reading->deadline = clock_monotonic() + time;
    }
}

static bool is_over(const struct tty *tty, const struct file *file)
{
    return tty_is_dead(file) || __atomic_load_n(&tty->gone, __ATOMIC_RELAXED);
}

/* 0: look again; 1: there will be nothing; or an error. */
static long wait_for_input(const struct reading *reading)
{
    struct tty *tty = reading->tty;
    struct file *file = reading->file;
    if (tty_is_dead(file) || reading->no_wait)
        return 1;
    if (tty->gone)
        return -EIO;
    if (file->flags & O_NONBLOCK)
        return -EAGAIN;
    long result =
        wait_event_interruptible_until(&tty->readers, tty_has_input(tty, 1) || is_over(tty, file), reading->deadline);
    return result == -ETIMEDOUT ? 1 : result;
}

/* Takes a piece and hands it to the program. 1: that is all; 0: more is wanted; or an error. */
static long read_piece(struct reading *reading, struct iov *to)
{
    struct tty *tty = reading->tty;
    uint8_t bytes[PIECE];
    bool ended;
    spin_lock(&tty->input_lock);
    size_t taken = take(tty, bytes, min_u64(sizeof bytes, to->left), &ended);
    if (taken == to->left && !ended)
        skip_end_of_file(tty);
    spin_unlock(&tty->input_lock);
    if (taken == 0 && !ended)
        return reading->done > 0 && reading->done >= reading->least ? 1 : wait_for_input(reading);
    size_t copied = iov_copy_out(to, bytes, taken);
    reading->done += copied;
    if (copied < taken)
        return -EFAULT;
    if (reading->pause > 0)
        reading->deadline = clock_monotonic() + reading->pause;
    return ended || to->left == 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The call
 */

static bool claim(struct tty *tty)
{
    return !__atomic_test_and_set(&tty->reading, __ATOMIC_ACQUIRE);
}

static int begin_exclusively(struct reading *reading, struct file *file)
{
    struct tty *tty = tty_of(file);
    bool mine = claim(tty);
    if (!mine && file->flags & O_NONBLOCK)
        return -EAGAIN;
    int error = mine ? 0 : wait_event_interruptible(&tty->readers, mine || (mine = claim(tty)));
    if (error == 0)
        begin(reading, file);
    return error;
}

static void end(struct tty *tty)
{
    __atomic_clear(&tty->reading, __ATOMIC_RELEASE);
    if (!wait_queue_is_empty(&tty->readers))
        wait_queue_wake_all(&tty->readers);
    tty_input_taken(tty);
}

long tty_read(struct file *file, struct iov *to, uint64_t *position)
{
    struct tty *tty = tty_of(file);
    struct reading reading;
    if (tty_is_dead(file))
        return 0;
    long result = tty_check_background(tty, SIGTTIN);
    if (result == 0)
        result = begin_exclusively(&reading, file);
    if (result)
        return result;
    while (result == 0 && to->left > 0)
        result = read_piece(&reading, to);
    end(tty);
    if (reading.done > 0 || result > 0)
        return (long)reading.done;
    return result;
}
