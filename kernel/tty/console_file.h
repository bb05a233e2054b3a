/*
 * The console as a file, /dev/console: what is written appears where the kernel's own messages do, and what is typed on
 * the keyboard of the terminal that is shown, or comes in on the serial line, is read. There is no line discipline yet:
 * bytes come as they are typed, but that a carriage return is a newline, and there is no echo.
 */
#ifndef CORRODE_TTY_CONSOLE_FILE_H
#define CORRODE_TTY_CONSOLE_FILE_H

/* Registers the device. After terminal_init and serial_init, whose notices of input it takes. */
void console_file_init(void);

#endif
