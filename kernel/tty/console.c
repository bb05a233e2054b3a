/*
 * The console: one lock around a screen and its mirror on the serial line.
 *
 * The lock guards the colours and all of the screen; it is taken once a call, so a printf appears in one piece. Its
 * rank is the highest there is: nothing else is locked by its holder.
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

static struct spinlock console_lock; /* rank 100; guards everything below, the screen and the serial line */
static bool lock_broken;             /* by a panic */

static uint8_t colors = SCREEN_DEFAULT_COLORS; /* of what is written from now on, as in a cell */

static uint16_t serial_port;                          /* 0: none */
static uint8_t serial_colors = SCREEN_DEFAULT_COLORS; /* what the terminal was told last */

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

void console_break_lock(void)
{
    for (unsigned tries = 1000000; tries > 0 && !lock_broken; tries--) {
        if (spin_try_lock(&console_lock))
            break;
        cpu_pause();
    }
    lock_broken = true;
}

static void serial_send(const char *text)
{
    for (; *text != '\0'; text++)
        uart_write(serial_port, (uint8_t)*text);
}

/* ANSI numbers the colours red, green, blue from bit 0, VGA blue, green, red. Ours by default are the terminal's own.
 */
static unsigned ansi_color(unsigned color, unsigned normal, unsigned bright)
{
    unsigned rgb = (color & 1) << 2 | (color & 2) | (color & 4) >> 2;
    return (color & 8 ? bright : normal) + rgb;
}

static void serial_set_colors(uint8_t new_colors)
{
    if (new_colors == serial_colors)
        return;
    serial_colors = new_colors;

    unsigned foreground = new_colors & 15, background = new_colors >> 4;
    char sequence[24];
    if (new_colors == SCREEN_DEFAULT_COLORS)
        strlcpy(sequence, "\033[0m", sizeof sequence);
    else
        snprintf(sequence, sizeof sequence, "\033[%u;%um",
            foreground == CONSOLE_LIGHT_GREY ? 39 : ansi_color(foreground, 30, 90),
            background == CONSOLE_BLACK ? 49 : ansi_color(background, 40, 100));
    serial_send(sequence);
}

static void serial_put(char c)
{
    if (c == '\n') {
        serial_set_colors(SCREEN_DEFAULT_COLORS);
        serial_send("\r\n");
    } else if (c == '\r' || c == '\t' || c == '\b') {
        uart_write(serial_port, (uint8_t)c);
    } else if ((uint8_t)c >= ' ' && c != 0x7f) { /* a terminal may know more than ASCII, but obeys no one else */
        serial_set_colors(colors);
        uart_write(serial_port, (uint8_t)c);
    }
}

static void write_locked(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        screen_put(text[i], colors);
    for (size_t i = 0; i < length && serial_port != 0; i++)
        serial_put(text[i]);
}

/* Ends every call that wrote. */
static void flush_locked(void)
{
    screen_update();
    if (serial_port != 0)
        serial_set_colors(SCREEN_DEFAULT_COLORS);
}

void console_init(const struct boot_info *info)
{
    lock();
    colors = SCREEN_DEFAULT_COLORS;
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
    screen_clear(colors);
    screen_update();
    unlock();
}

void console_write(const char *text, size_t length)
{
    lock();
    write_locked(text, length);
    flush_locked();
    unlock();
}

void console_print(const char *text)
{
    console_write(text, strlen(text));
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
