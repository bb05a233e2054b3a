/*
 * Input of a terminal: what becomes of bytes between the driver and the ring from which programs read. They are edited,
 * echoed and turned into signals here, while they come, in whatever context the driver has them.
 *
 *     tail ........ lines_end ........ head
 *       whole lines         the line that is being edited
 *
 * In canonical mode only whole lines can be read; a bit in line_ends marks the delimiter of each, and an end of file is
 * a NUL so marked. Otherwise all is there to be read at once, and lines_end means nothing.
 *
 * When the ring is full the rest is not taken: the driver keeps it until a reader has made room, or loses it; so that
 * nobody is shut out by his own typing, it is looked through for signals (tty_look_ahead). A canonical line that
 * fills the whole ring would wait for ever for its end: so then every further byte takes the place of the last one.
 *
 * Source: POSIX.1-2017, 11.1.5 to 11.1.9, 11.2.2, 11.2.5; termios(3); tests/unit/tty_oracle_test.c compares.
 */
#include "tty/tty_internal.h"

#define BATCH 16      /* bytes that are received before anybody looks how much their echo was */
#define ECHO_MAX 1024 /* bytes of echo while nobody else gets the lock */
#define INPUT_LOW 128 /* IXOFF: with so few places left the sender is stopped; with so few bytes, started */

static bool is_canonical(const struct tty *tty)
{
    return tty_local_flag(tty, ICANON);
}

bool tty_has_input(const struct tty *tty, unsigned least)
{
    uint32_t tail = __atomic_load_n(&tty->tail, __ATOMIC_RELAXED);
    if (is_canonical(tty))
        return __atomic_load_n(&tty->lines_end, __ATOMIC_RELAXED) != tail;
    return __atomic_load_n(&tty->head, __ATOMIC_RELAXED) - tail >= least;
}

/* There is room, but for a byte in overflow that takes two places: then the second is in the first one's. */
static void put(struct tty *tty, uint8_t c)
{
    if (tty->head - tty->tail == TTY_INPUT_SIZE)
        tty->head--;
    tty->input[tty->head++ % TTY_INPUT_SIZE] = c;
}

static void end_line(struct tty *tty, uint8_t delimiter)
{
    bitmap_set(tty->line_ends, tty->head % TTY_INPUT_SIZE);
    put(tty, delimiter);
    tty->lines_end = tty->head;
}

void tty_discard_input_locked(struct tty *tty)
{
    bitmap_clear_range(tty->line_ends, 0, TTY_INPUT_SIZE);
    tty->head = tty->lines_end = tty->tail = 0;
    tty->erasing = false;
    tty_tell_locked(tty, TTY_INPUT_LOST);
}

static void echo_typed(struct tty *tty, uint8_t c)
{
    tty_finish_erasing_locked(tty);
    if (tty->lines_end == tty->head)
        tty->line_column = tty->column;
    tty_echo_locked(tty, c);
}

/* A byte that stands for itself. */
static void receive_plain(struct tty *tty, uint8_t c)
{
    if (tty->stopped && tty_input_flag(tty, IXON) && tty_input_flag(tty, IXANY))
        tty_start_locked(tty);
    if (tty_local_flag(tty, ECHO))
        echo_typed(tty, c);
    if (c == 0xff && tty_input_flag(tty, PARMRK))
        put(tty, c);
    put(tty, c);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Bytes that are more than themselves
 */

static bool receive_flow_control(struct tty *tty, uint8_t c)
{
    if (!tty_input_flag(tty, IXON))
        return false;
    if (tty_is(tty, VSTART, c)) {
        tty_start_locked(tty);
        return true;
    }
    if (!tty_is(tty, VSTOP, c))
        return false;
    tty_stop_locked(tty);
    return true;
}

/* The signal that C stands for; 0: none. */
static int signal_of(const struct tty *tty, uint8_t c)
{
    static const struct {
        uint8_t index, signal;
    } signals[] = {{VINTR, SIGINT}, {VQUIT, SIGQUIT}, {VSUSP, SIGTSTP}};

    for (unsigned i = 0; i < ARRAY_LENGTH(signals) && tty_local_flag(tty, ISIG); i++)
        if (tty_is(tty, signals[i].index, c))
            return signals[i].signal;
    return 0;
}

/* Sends the signal; what has been typed before it and what has not been shown yet is forgotten, but with NOFLSH. */
static void interrupt(struct tty *tty, int signal)
{
    tty_signal_locked(tty, signal);
    if (tty_local_flag(tty, NOFLSH))
        return;
    tty_discard_output_locked(tty);
    tty_discard_input_locked(tty);
}

static bool receive_signal(struct tty *tty, uint8_t c)
{
    int signal = signal_of(tty, c);
    if (signal == 0)
        return false;
    interrupt(tty, signal);
    if (tty_input_flag(tty, IXON))
        tty_start_locked(tty);
    if (tty_local_flag(tty, ECHO))
        tty_echo_locked(tty, c);
    return true;
}

static void begin_literal(struct tty *tty)
{
    tty->literal_next = true;
    if (!tty_local_flag(tty, ECHO))
        return;
    tty_finish_erasing_locked(tty);
    if (tty_local_flag(tty, ECHOCTL)) {
        tty_echo_raw_locked(tty, '^');
        tty_echo_raw_locked(tty, '\b');
    }
}

static void reprint(struct tty *tty, uint8_t c)
{
    tty_finish_erasing_locked(tty);
    tty_echo_locked(tty, c);
    tty_echo_raw_locked(tty, '\n');
    for (uint32_t at = tty->lines_end; at != tty->head; at++)
        tty_echo_locked(tty, tty_input_at(tty, at));
}

/* In canonical mode; whether that was all that there is to be done about the byte. */
static bool receive_editing(struct tty *tty, uint8_t c)
{
    bool extended = tty_local_flag(tty, IEXTEN);
    if (tty_is(tty, VERASE, c) || tty_is(tty, VKILL, c) || (tty_is(tty, VWERASE, c) && extended)) {
        tty_erase_locked(tty, c);
    } else if (tty_is(tty, VLNEXT, c) && extended) {
        begin_literal(tty);
    } else if (tty_is(tty, VREPRINT, c) && extended && tty_local_flag(tty, ECHO)) {
        reprint(tty, c);
    } else if (c == '\n') {
        if (tty_local_flag(tty, ECHO) || tty_local_flag(tty, ECHONL))
            tty_echo_raw_locked(tty, '\n');
        end_line(tty, c);
    } else if (tty_is(tty, VEOF, c)) {
        end_line(tty, '\0');
    } else if (tty_is(tty, VEOL, c) || (tty_is(tty, VEOL2, c) && extended)) {
        if (tty_local_flag(tty, ECHO)) {
            if (tty->lines_end == tty->head)
                tty->line_column = tty->column;
            tty_echo_locked(tty, c);
        }
        if (c == 0xff && tty_input_flag(tty, PARMRK))
            put(tty, c);
        end_line(tty, c);
    } else {
        return false;
    }
    return true;
}

static void receive_special(struct tty *tty, uint8_t c)
{
    if (receive_flow_control(tty, c) || receive_signal(tty, c))
        return;
    if (tty->stopped && tty_input_flag(tty, IXON) && tty_input_flag(tty, IXANY))
        tty_start_locked(tty);
    if (c == '\r' && tty_input_flag(tty, IGNCR))
        return;
    if (c == '\r' && tty_input_flag(tty, ICRNL))
        c = '\n';
    else if (c == '\n' && tty_input_flag(tty, INLCR))
        c = '\r';
    if (is_canonical(tty) && receive_editing(tty, c))
        return;
    if (c != '\n') {
        receive_plain(tty, c);
        return;
    }
    if (tty_local_flag(tty, ECHO)) {
        tty_finish_erasing_locked(tty);
        tty_echo_raw_locked(tty, c);
    }
    put(tty, c);
}

static void receive_byte(struct tty *tty, uint8_t c)
{
    if (tty_input_flag(tty, ISTRIP))
        c &= 0x7f;
    if (tty_input_flag(tty, IUCLC) && tty_local_flag(tty, IEXTEN) && tty_is_upper(c))
        c = (uint8_t)(c + 'a' - 'A');
    if (tty->literal_next) {
        tty->literal_next = false;
        receive_plain(tty, c);
    } else if (bitmap_test(tty->special, c)) {
        receive_special(tty, c);
    } else {
        receive_plain(tty, c);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * From the driver
 */

/* How many bytes there is room for; each may take several places. One place stays free; below 0: not even that is. */
static int32_t count_room(const struct tty *tty)
{
    int32_t room = (int32_t)(TTY_INPUT_SIZE - (tty->head - tty->tail));
    if (tty_input_flag(tty, PARMRK))
        room = (room + 2) / 3;
    return room - 1;
}

/* Would the line that is being edited never be read, because there is no room for its end? */
static bool is_stuck(const struct tty *tty)
{
    return is_canonical(tty) && tty->lines_end == tty->tail;
}

static size_t make_room(struct tty *tty)
{
    int32_t room = count_room(tty);
    if (room > 0)
        return (size_t)room;
    if (!is_stuck(tty))
        return 0;
    if (room < 0)
        tty->head--;
    return 1;
}

size_t tty_input_room(struct tty *tty)
{
    spin_lock(&tty->input_lock);
    int32_t room = count_room(tty);
    bool stuck = is_stuck(tty);
    spin_unlock(&tty->input_lock);
    return room > 0 ? (size_t)room : stuck;
}

/* IXOFF: the sender shall wait before the ring is full. */
static void stop_sender(struct tty *tty)
{
    uint8_t stop = tty->termios.c_cc[VSTOP];
    if (!tty_input_flag(tty, IXOFF) || !tty->driver->is_line || tty->sender_stopped || stop == CC_DISABLED)
        return;
    if (is_canonical(tty) && tty->lines_end == tty->tail)
        return; /* what has been typed is not a line: nobody would ever read it */
    if (TTY_INPUT_SIZE - (tty->head - tty->tail) >= INPUT_LOW)
        return;
    tty->sender_stopped = true;
    tty_put_locked(tty, stop);
}

/* Ends what was received: the lock is let go, and whoever waits for it hears of it. */
static void received(struct tty *tty, uint32_t head, uint32_t lines_end)
{
    stop_sender(tty);
    tty_send_locked(tty);
    bool news = is_canonical(tty) ? tty->lines_end != lines_end : tty->head != head;
    spin_unlock(&tty->input_lock);
    if (news)
        wait_queue_wake_all(&tty->readers);
    tty_written(tty);
}

/* An echo can be a thousand times what is typed (VREPRINT): others come in between. */
static void take_breath(struct tty *tty, uint32_t *begun)
{
    if (tty->output_head - *begun < ECHO_MAX)
        return;
    spin_unlock(&tty->input_lock);
    spin_lock(&tty->input_lock);
    *begun = tty->output_head;
}

size_t tty_receive(struct tty *tty, const uint8_t *data, size_t size)
{
    size_t done = 0;
    spin_lock(&tty->input_lock);
    uint32_t head = tty->head, lines_end = tty->lines_end, begun = tty->output_head;
    while (done < size) {
        size_t count = min_u64(min_u64(make_room(tty), BATCH), size - done);
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++)
            receive_byte(tty, data[done++]);
        take_breath(tty, &begun);
    }
    tty->input_waits = done < size;
    received(tty, head, lines_end);
    return done;
}

size_t tty_look_ahead(struct tty *tty, const uint8_t *data, size_t size)
{
    size_t done = 0;
    spin_lock(&tty->input_lock);
    uint32_t head = tty->head, lines_end = tty->lines_end;
    for (size_t i = 0; i < size && !tty_local_flag(tty, NOFLSH); i++) {
        if (signal_of(tty, data[i]) == 0)
            continue;
        receive_signal(tty, data[i]);
        done = i + 1;
    }
    received(tty, head, lines_end);
    return done;
}

/* A byte that is not what it seems: marked, or not at all. */
static void receive_marked(struct tty *tty, uint8_t c)
{
    if (tty_input_flag(tty, PARMRK)) {
        put(tty, 0xff);
        put(tty, 0);
        put(tty, c);
    } else {
        put(tty, 0);
    }
}

void tty_receive_bad(struct tty *tty, uint8_t byte)
{
    spin_lock(&tty->input_lock);
    uint32_t head = tty->head, lines_end = tty->lines_end;
    tty->literal_next = false;
    if (make_room(tty) == 0)
        ; /* it is lost */
    else if (!tty_input_flag(tty, INPCK))
        put(tty, byte);
    else if (!tty_input_flag(tty, IGNPAR))
        receive_marked(tty, byte);
    received(tty, head, lines_end);
}

void tty_receive_break(struct tty *tty)
{
    spin_lock(&tty->input_lock);
    uint32_t head = tty->head, lines_end = tty->lines_end;
    tty->literal_next = false;
    if (tty_input_flag(tty, IGNBRK))
        ;
    else if (tty_input_flag(tty, BRKINT))
        interrupt(tty, SIGINT);
    else if (make_room(tty) > 0)
        receive_marked(tty, 0);
    received(tty, head, lines_end);
}

void tty_input_taken(struct tty *tty)
{
    spin_lock(&tty->input_lock);
    uint8_t start = tty->termios.c_cc[VSTART];
    bool waits = tty->input_waits, sends = tty->sender_stopped && tty->head - tty->tail <= INPUT_LOW;
    tty->input_waits = false;
    if (sends) {
        tty->sender_stopped = false;
        if (start != CC_DISABLED)
            tty_put_locked(tty, start);
        tty_send_locked(tty);
    }
    spin_unlock(&tty->input_lock);
    if (sends)
        tty_written(tty);
    if (waits && tty->driver->input_room)
        tty->driver->input_room(tty);
}
