/*
 * Output of a terminal: what becomes of bytes on their way to the driver (OPOST), at which column that leaves the
 * cursor, and how input is echoed.
 *
 * Echo and what programs write go through one ring, so the column is always that of the last byte in it. The driver
 * gets the ring's contents as far as it has room; what it does not take waits for tty_writable. A program's bytes are
 * let in only while the ring is empty, so a stopped or slow terminal makes writers wait, while the rest of the ring is
 * there for echo, which cannot wait; when it is full, echo is lost.
 *
 * All of it runs under input_lock.
 *
 * Source: POSIX.1-2017, 11.2.3 (output modes), 11.2.5 (ECHO and its kin); termios(3); and experiment for all that they
 * leave open: tests/unit/tty_oracle_test.c.
 */
#include "lib/errno.h"
#include "tty/tty_internal.h"

#define TAB 8

/* The most that one byte of a program can become: a tab in blanks. */
#define EXPANSION_MAX TAB

static size_t ring_room(const struct tty *tty)
{
    return TTY_OUTPUT_SIZE - (tty->output_head - tty->output_tail);
}

void tty_put_locked(struct tty *tty, uint8_t c)
{
    if (ring_room(tty) > 0)
        tty->output[tty->output_head++ % TTY_OUTPUT_SIZE] = c;
}

bool tty_send_locked(struct tty *tty)
{
    while (tty->output_head != tty->output_tail && !tty->stopped) {
        uint32_t first = tty->output_tail % TTY_OUTPUT_SIZE;
        size_t size = min_u64(tty->output_head - tty->output_tail, TTY_OUTPUT_SIZE - first);
        size_t sent = tty->driver->write(tty, (const char *)&tty->output[first], size);
        tty->output_tail += (uint32_t)sent;
        if (sent < size)
            break;
    }
    bool empty = tty->output_head == tty->output_tail;
    if (empty)
        tty->sent_column = tty->column;
    return empty;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processing: OPOST. There is room for EXPANSION_MAX bytes
 */

static void put_newline(struct tty *tty)
{
    if (tty_output_flag(tty, ONLRET))
        tty->column = 0;
    if (tty_output_flag(tty, ONLCR)) {
        tty->column = 0;
        tty_put_locked(tty, '\r');
    }
    tty->line_column = tty->column;
    tty_put_locked(tty, '\n');
}

static void put_return(struct tty *tty)
{
    if (tty_output_flag(tty, ONOCR) && tty->column == 0)
        return;
    if (!tty_output_flag(tty, OCRNL) || tty_output_flag(tty, ONLRET))
        tty->line_column = tty->column = 0;
    tty_put_locked(tty, tty_output_flag(tty, OCRNL) ? '\n' : '\r');
}

static void put_tab(struct tty *tty)
{
    unsigned columns = TAB - tty->column % TAB;
    tty->column += columns;
    if ((tty->termios.c_oflag & TABDLY) != XTABS) {
        tty_put_locked(tty, '\t');
        return;
    }
    while (columns-- > 0)
        tty_put_locked(tty, ' ');
}

static void step_back(struct tty *tty)
{
    if (tty->column > 0)
        tty->column--;
}

static void put_processed(struct tty *tty, uint8_t c)
{
    switch (c) {
    case '\n': put_newline(tty); return;
    case '\r': put_return(tty); return;
    case '\t': put_tab(tty); return;
    case '\b': step_back(tty); break;
    default:
        if (tty_is_control(c))
            break;
        if (tty_output_flag(tty, OLCUC) && tty_is_lower(c))
            c = (uint8_t)(c - 'a' + 'A');
        tty->column += !tty_is_continuation(tty, c);
    }
    tty_put_locked(tty, c);
}

/* What the driver does not take at once of unprocessed bytes goes into the ring, as far as that has room. */
static size_t write_raw(struct tty *tty, const uint8_t *data, size_t size)
{
    size_t sent = tty->output_head == tty->output_tail ? tty->driver->write(tty, (const char *)data, size) : 0;
    for (; sent < size && ring_room(tty) > 0; sent++)
        tty_put_locked(tty, data[sent]);
    return sent;
}

size_t tty_write_locked(struct tty *tty, const uint8_t *data, size_t size)
{
    if (!tty_send_locked(tty) || tty->stopped)
        return 0;
    if (!tty_output_flag(tty, OPOST))
        return write_raw(tty, data, size);
    size_t done = 0;
    while (done < size && ring_room(tty) >= EXPANSION_MAX)
        put_processed(tty, data[done++]);
    tty_send_locked(tty);
    return done;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Echo
 */

/* Is there room for an echo? Much input at once is more than the ring holds, and the driver takes it meanwhile. */
static bool echo_fits(struct tty *tty)
{
    if (ring_room(tty) < EXPANSION_MAX)
        tty_send_locked(tty);
    return ring_room(tty) >= EXPANSION_MAX;
}

void tty_echo_raw_locked(struct tty *tty, uint8_t c)
{
    if (!echo_fits(tty))
        return;
    if (c == 0xff) { /* as Linux has it */
        tty->column++;
        tty_put_locked(tty, c);
    } else if (tty_output_flag(tty, OPOST)) {
        put_processed(tty, c);
    } else {
        tty_put_locked(tty, c);
    }
}

void tty_echo_locked(struct tty *tty, uint8_t c)
{
    if (!tty_local_flag(tty, ECHOCTL) || !tty_is_control(c) || c == '\t') {
        tty_echo_raw_locked(tty, c);
        return;
    }
    if (!echo_fits(tty))
        return;
    tty_put_locked(tty, '^');
    tty_put_locked(tty, c ^ 0100);
    tty->column += 2;
}

/*
 * Goes back over a tab. COLUMNS: how many the characters before it take, counted from the tab before that or, without
 * one, from where the line began.
 */
void tty_echo_tab_back_locked(struct tty *tty, unsigned columns, bool after_tab)
{
    if (!echo_fits(tty))
        return;
    if (!after_tab)
        columns += tty->line_column;
    for (unsigned i = TAB - columns % TAB; i > 0; i--) {
        tty_put_locked(tty, '\b');
        step_back(tty);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Stopping, starting, waiting
 */

void tty_stop_locked(struct tty *tty)
{
    if (!tty->stopped)
        tty_tell_locked(tty, TTY_STOPPED);
    tty->stopped = true;
}

void tty_start_locked(struct tty *tty)
{
    if (tty->held)
        return;
    if (tty->stopped)
        tty_tell_locked(tty, TTY_STARTED);
    tty->stopped = false;
    if (tty_send_locked(tty))
        wait_queue_wake_all(&tty->writers);
}

void tty_discard_output_locked(struct tty *tty)
{
    tty->output_tail = tty->output_head;
    tty->column = tty->sent_column;
    if (tty->driver->discard)
        tty->driver->discard(tty);
    wait_queue_wake_all(&tty->writers);
}

void tty_writable(struct tty *tty)
{
    spin_lock(&tty->input_lock);
    bool empty = tty_send_locked(tty);
    spin_unlock(&tty->input_lock);
    if (empty)
        wait_queue_wake_all(&tty->writers);
    tty_written(tty);
}

size_t tty_unsent(struct tty *tty)
{
    spin_lock(&tty->input_lock);
    size_t size = tty->output_head - tty->output_tail;
    spin_unlock(&tty->input_lock);
    return size + (tty->driver->unsent ? tty->driver->unsent(tty) : 0);
}

/* Looks again now and then: no driver tells when the last byte has left its hardware. */
#define DRAIN_NS 5000000

int tty_drain(struct tty *tty)
{
    uint32_t hang_ups = tty->hang_ups;
    int result = 0;
    while ((result == 0 || result == -ETIMEDOUT) && tty_unsent(tty) > 0 && hang_ups == tty->hang_ups)
        result = wait_event_interruptible_until(&tty->writers, false, clock_monotonic() + DRAIN_NS);
    return result == -ETIMEDOUT ? 0 : result;
}
