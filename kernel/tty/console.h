/*
 * The console: text in sixteen colours, on the screen that the bootloader found (VGA text or a framebuffer) and on the
 * serial line, whichever there are; a machine with neither runs on in silence.
 *
 *     console_init(info);
 *     console_set_color(CONSOLE_YELLOW, CONSOLE_BLACK);
 *     console_printf("%u processors\n", count);
 *
 * Text is ASCII with \n (to the start of the next line), \r, \t (stops every 8 columns) and \b. A line that is too long
 * continues on the next; at the bottom the screen scrolls. Every other byte shows as a filled square on the screen.
 *
 * All functions may be called at any time, before console_init too, from any processor and with interrupts on or off:
 * what one call writes appears in one piece.
 */
#ifndef CORRODE_TTY_CONSOLE_H
#define CORRODE_TTY_CONSOLE_H

#include "boot/protocol.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* The colours of VGA text, with its numbers. */
enum console_color {
    CONSOLE_BLACK,
    CONSOLE_BLUE,
    CONSOLE_GREEN,
    CONSOLE_CYAN,
    CONSOLE_RED,
    CONSOLE_MAGENTA,
    CONSOLE_BROWN,
    CONSOLE_LIGHT_GREY,
    CONSOLE_DARK_GREY,
    CONSOLE_LIGHT_BLUE,
    CONSOLE_LIGHT_GREEN,
    CONSOLE_LIGHT_CYAN,
    CONSOLE_LIGHT_RED,
    CONSOLE_LIGHT_MAGENTA,
    CONSOLE_YELLOW,
    CONSOLE_WHITE,
};

/* Takes the screen and the serial port over from the loader. Text on a VGA text screen stays, and scrolls up. */
void console_init(const struct boot_info *info);

/* The colours of what is written from now on; light grey on black at first. */
void console_set_color(enum console_color foreground, enum console_color background);

/* Empties the screen, to the background colour. The serial line is left alone: it may be a log. */
void console_clear(void);

void console_write(const char *text, size_t length);
void console_print(const char *text);

/*
 * For the log: a whole line, which begins at the left also if a program has left a line unended. Who lets programs
 * write to the same screen and serial line tells how they leave it: console_set_begun.
 */
void console_write_line(const char *line, size_t length);
void console_set_begun(bool begun);

/* As in lib/printf.h. Both return the number of characters written. */
int console_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int console_vprintf(const char *format, va_list arguments);

/*
 * For the terminal that takes the screen's place (tty/terminal.h): from now on it gets what the console writes, as
 * UTF-8 with the escape sequences of colours (ECMA-48), lines ending in \r\n, instead of the screen. All is called
 * under the console's lock but `close`, which a panic calls under none: it leaves the screen to the console again, for
 * good.
 */
struct console_output {
    void (*write)(const char *text, size_t length);
    void (*flush)(void); /* ends every call that wrote */
    void (*close)(void);
};
void console_set_output(const struct console_output *output);

/*
 * The same for the serial line: who sends what the console writes to it from now on (drivers/serial.h), until a panic
 * calls `close`; NULL: the console does, by polling. Without a serial port it is not called.
 */
struct console_serial {
    void (*write)(const char *text, size_t length);
    void (*close)(void);
};
void console_set_serial(const struct console_serial *serial);

/*
 * For a panic: from now on the console does not wait for its lock, for the holder may be the one that failed. It gives
 * a holder on another processor a moment to finish. The screen is the console's own again, and a line that was begun is
 * ended.
 */
void console_break_lock(void);

/* For a panic within a panic: from now on nothing is written to the screen, whose memory may be gone. */
void console_break_screen(void);

#endif
