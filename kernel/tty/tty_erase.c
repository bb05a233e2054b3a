/*
 * Editing of a line: what VERASE, VWERASE and VKILL take away of the line that has not been ended, and how the screen
 * follows (ECHOE, ECHOK, ECHOKE, ECHOPRT, ECHOCTL).
 *
 * A character in UTF-8 goes as a whole, with IUTF8. A tab goes back as many columns as it went forward, which depends
 * on what is before it in the line, and on the column in which the line began.
 *
 * Source: POSIX.1-2017, 11.1.9, 11.2.5; termios(3).
 */
#include "tty/tty_internal.h"

enum erasure { ERASE, WORD, LINE };

void tty_finish_erasing_locked(struct tty *tty)
{
    if (!tty->erasing)
        return;
    tty_echo_raw_locked(tty, '/');
    tty->erasing = false;
}

/* Back over one column, and blanks it. */
static void rub_out(struct tty *tty)
{
    tty_echo_raw_locked(tty, '\b');
    tty_echo_raw_locked(tty, ' ');
    tty_echo_raw_locked(tty, '\b');
}

/* How many columns lie between the end of the line, where a tab has been, and the tab or the beginning before it. */
static void rub_out_tab(struct tty *tty)
{
    unsigned columns = 0;
    bool after_tab = false;
    for (uint32_t at = tty->head; at != tty->lines_end && !after_tab; at--) {
        uint8_t c = tty_input_at(tty, at - 1);
        after_tab = c == '\t';
        if (tty_is_control(c))
            columns += !after_tab && tty_local_flag(tty, ECHOCTL) ? 2 : 0;
        else
            columns += !tty_is_continuation(tty, c);
    }
    tty_echo_tab_back_locked(tty, columns, after_tab);
}

/* ECHOPRT: what is erased is shown once more, backwards, between \ and /. SIZE bytes from tty->head on are one. */
static void print_erased(struct tty *tty, uint32_t size)
{
    if (!tty->erasing) {
        tty_echo_raw_locked(tty, '\\');
        tty->erasing = true;
    }
    tty_echo_locked(tty, tty_input_at(tty, tty->head));
    for (uint32_t i = 1; i < size; i++) {
        tty_echo_raw_locked(tty, tty_input_at(tty, tty->head + i));
        if (tty->column > 0)
            tty->column--;
    }
}

/* SIZE bytes from tty->head on have been one character of the line. */
static void show_erased(struct tty *tty, uint32_t size, enum erasure erasure)
{
    uint8_t c = tty_input_at(tty, tty->head);
    if (!tty_local_flag(tty, ECHO))
        return;
    if (tty_local_flag(tty, ECHOPRT)) {
        print_erased(tty, size);
    } else if (erasure == ERASE && !tty_local_flag(tty, ECHOE)) {
        tty_echo_locked(tty, tty->termios.c_cc[VERASE]);
    } else if (c == '\t') {
        rub_out_tab(tty);
    } else if (!tty_is_control(c)) {
        rub_out(tty);
    } else if (tty_local_flag(tty, ECHOCTL)) {
        rub_out(tty);
        rub_out(tty);
    }
}

/* Where the last character of the line begins; tty->head when it has no beginning. */
static uint32_t last_character(const struct tty *tty)
{
    uint32_t at = tty->head;
    do
        at--;
    while (tty_is_continuation(tty, tty_input_at(tty, at)) && at != tty->lines_end);
    return tty_is_continuation(tty, tty_input_at(tty, at)) ? tty->head : at;
}

static bool is_word(uint8_t c)
{
    return tty_is_upper(c) || tty_is_lower(c) || (c >= '0' && c <= '9') || c == '_';
}

/* VKILL without a way, or the wish, to rub the line out. */
static void forget_line(struct tty *tty)
{
    tty->head = tty->lines_end;
    if (!tty_local_flag(tty, ECHO))
        return;
    tty_finish_erasing_locked(tty);
    tty_echo_locked(tty, tty->termios.c_cc[VKILL]);
    if (tty_local_flag(tty, ECHOK))
        tty_echo_raw_locked(tty, '\n');
}

static void erase_characters(struct tty *tty, enum erasure erasure)
{
    bool in_word = false;
    while (tty->head != tty->lines_end) {
        uint32_t at = last_character(tty), size = tty->head - at;
        bool word = is_word(tty_input_at(tty, at));
        if (size == 0 || (erasure == WORD && in_word && !word))
            break;
        in_word |= word;
        tty->head = at;
        show_erased(tty, size, erasure);
        if (erasure == ERASE)
            break;
    }
    if (tty->head == tty->lines_end && tty_local_flag(tty, ECHO))
        tty_finish_erasing_locked(tty);
}

void tty_erase_locked(struct tty *tty, uint8_t c)
{
    enum erasure erasure = tty_is(tty, VERASE, c) ? ERASE : tty_is(tty, VWERASE, c) ? WORD : LINE;
    uint32_t rubs_out = ECHO | ECHOK | ECHOKE | ECHOE;
    if (tty->head == tty->lines_end)
        return;
    if (erasure == LINE && (tty->termios.c_lflag & rubs_out) != rubs_out)
        forget_line(tty);
    else
        erase_characters(tty, erasure);
}
