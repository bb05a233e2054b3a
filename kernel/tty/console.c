/*
 * The console: one lock around a screen and its mirror on the serial line.
 *
 * The lock guards the colours and all of the screen, or what stands in its place once there is a terminal
 * (console_output); it is taken once a call, so a printf appears in one piece. Its rank is the highest there is:
 * nothing else is locked by its holder.
 *
 * The serial line gets the same text. Colours become ANSI escape sequences (ECMA-48, 8.3.117), and every call, and
 * every line, ends in the terminal's own colours: plain text stays plain in a log, and nothing bleeds into what
 * follows.
 */
#include "tty/console.h"
#include "arch/x86_64/spinlock.h"
#include "drivers/uart16550.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "tty/screen_internal.h"

static struct spinlock console_lock =
    SPINLOCK_INIT(CONSOLE); /* guards everything below, the screen and the serial line */
static bool lock_broken;    /* by a panic */

static uint8_t colors = SCREEN_DEFAULT_COLORS; /* of what is written from now on, as in a cell */

static bool line_is_open;  /* what was written last did not end its line */
static bool program_begun; /* the same of what a program has written last; atomic */

static uint16_t serial_port;                        /* 0: none */
static const struct console_serial *serial;         /* NULL: we send to the port ourselves */
static const struct console_output *output;         /* NULL: the screen is ours */
static uint8_t sent_colors = SCREEN_DEFAULT_COLORS; /* what serial line and output were told last */

#define UTF8_BOX "\xe2\x96\xa0" /* U+25A0, a filled square */

static void lock(void)
{
    if (!lock_broken)
        spin_lock(&console_lock);
}

static void unlock(void)
{
    if (!lock_broken)
        spin_unlock(&console_lock);
}

void console_set_serial(const struct console_serial *new_serial)
{
    lock();
    serial = serial_port != 0 ? new_serial : NULL;
    unlock();
}

void console_set_output(const struct console_output *new_output)
{
    lock();
    output = new_output;
    unlock();
}

/* To the serial line and the terminal, as it is. */
static void send(const char *text, size_t length)
{
    if (serial != NULL)
        serial->write(text, length);
    for (size_t i = 0; i < length && serial_port != 0 && serial == NULL; i++)
        uart_write(serial_port, (uint8_t)text[i]);
    if (output != NULL)
        output->write(text, length);
}

/* ANSI numbers the colours red, green, blue from bit 0, VGA blue, green, red. Ours by default are the terminal's own.
 */
static unsigned ansi_color(unsigned color, unsigned normal, unsigned bright)
{
    unsigned rgb = (color & 1) << 2 | (color & 2) | (color & 4) >> 2;
    return (color & 8 ? bright : normal) + rgb;
}

/* Writes the sequence that sets the colours into one of SEQUENCE_MAX bytes; returns its length. */
#define SEQUENCE_MAX 24
static size_t make_sequence(char *sequence, uint8_t new_colors)
{
    unsigned foreground = new_colors & 15, background = new_colors >> 4;
    if (new_colors == SCREEN_DEFAULT_COLORS)
        return strlcpy(sequence, "\033[0m", SEQUENCE_MAX);
    return (size_t)snprintf(sequence, SEQUENCE_MAX, "\033[%u;%um",
        foreground == CONSOLE_LIGHT_GREY ? 39 : ansi_color(foreground, 30, 90),
        background == CONSOLE_BLACK ? 49 : ansi_color(background, 40, 100));
}

static void send_colors(uint8_t new_colors)
{
    char sequence[SEQUENCE_MAX];
    if (new_colors == sent_colors)
        return;
    sent_colors = new_colors;
    send(sequence, make_sequence(sequence, new_colors));
}

/* A terminal may know more than ASCII, but obeys no one else: other control characters do not get there. */
static void send_control(char c)
{
    if (c == '\n') {
        send_colors(SCREEN_DEFAULT_COLORS);
        send("\r\n", 2);
    } else if (c == '\r' || c == '\t' || c == '\b') {
        send(&c, 1);
    } else if (output != NULL) {
        output->write(UTF8_BOX, sizeof UTF8_BOX - 1);
    }
}

static bool is_control(char c)
{
    return (uint8_t)c < ' ' || c == 0x7f;
}

static void send_text(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t start = i;
        while (i < length && !is_control(text[i]))
            i++;
        if (i == start) {
            send_control(text[i++]);
            continue;
        }
        send_colors(colors);
        send(&text[start], i - start);
    }
}

static void write_locked(const char *text, size_t length)
{
    if (length > 0)
        line_is_open = text[length - 1] != '\n';
    for (size_t i = 0; i < length && output == NULL; i++)
        screen_put(text[i], colors);
    if (serial_port != 0 || output != NULL)
        send_text(text, length);
}

/* Ends every call that wrote. */
static void flush_locked(void)
{
    if (serial_port != 0 || output != NULL)
        send_colors(SCREEN_DEFAULT_COLORS);
    if (output != NULL)
        output->flush();
    else
        screen_update();
}

void console_init(const struct boot_info *info)
{
    lock();
    colors = sent_colors = SCREEN_DEFAULT_COLORS;
    line_is_open = false;
    output = NULL;
    serial = NULL;
    serial_port = info->serial.port;
    screen_open(info);
    unlock();
}

void console_set_color(enum console_color foreground, enum console_color background)
{
    lock();
    colors = (uint8_t)((foreground & 15) | (background & 15) << 4);
    unlock();
}

void console_clear(void)
{
    lock();
    if (output != NULL) {
        static const char clear[] = "\033[2J\033[H";
        char sequence[SEQUENCE_MAX];
        output->write(sequence, make_sequence(sequence, colors)); /* the serial line need not know */
        output->write(clear, sizeof clear - 1);
        output->write(sequence, make_sequence(sequence, SCREEN_DEFAULT_COLORS));
        output->flush();
    } else {
        screen_clear(colors);
        screen_update();
    }
    unlock();
}

void console_write(const char *text, size_t length)
{
    lock();
    write_locked(text, length);
    flush_locked();
    unlock();
}

void console_set_begun(bool begun)
{
    __atomic_store_n(&program_begun, begun, __ATOMIC_RELAXED);
}

void console_write_line(const char *line, size_t length)
{
    lock();
    if (__atomic_exchange_n(&program_begun, false, __ATOMIC_RELAXED))
        write_locked("\n", 1);
    write_locked(line, length);
    flush_locked();
    unlock();
}

void console_print(const char *text)
{
    console_write(text, strlen(text));
}

void console_break_screen(void)
{
    output = NULL;
    screen_give_up();
}

void console_break_lock(void)
{
    for (unsigned tries = 1000000; tries > 0 && !lock_broken; tries--) {
        if (spin_try_lock(&console_lock))
            break;
        cpu_pause();
    }
    lock_broken = true;
    const struct console_output *old_output = output;
    const struct console_serial *old_serial = serial;
    output = NULL; /* first: should they fail, there will be another panic */
    serial = NULL;
    if (old_output != NULL)
        old_output->close();
    if (old_serial != NULL)
        old_serial->close();
    if (line_is_open)
        console_print("\n");
}

static void sink_write(struct format_sink *sink, const char *text, size_t length)
{
    write_locked(text, length);
}

int console_vprintf(const char *format, va_list arguments)
{
    struct format_sink sink = {.write = sink_write};
    lock();
    int length = format_sink_vprintf(&sink, format, arguments);
    flush_locked();
    unlock();
    return length;
}

int console_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = console_vprintf(format, arguments);
    va_end(arguments);
    return length;
}
