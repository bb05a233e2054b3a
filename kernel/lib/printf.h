/*
 * printf: formatted text into a buffer or a sink. Conversions: d i u x X o c s p %, with flags - 0 + space #, width
 * and precision (also *), and lengths hh h l ll z t j. No floating point. An unknown conversion prints itself, and
 * never reads an argument. It needs no 64-bit division, so it also serves the 32-bit loader.
 *
 * Where the standard leaves it open: %p writes 0x and hexadecimal digits, %s of NULL writes (null), and a width, or a
 * number of leading zeros, beyond 4095 counts as 4095.
 * Source: C11, 7.21.6.1.
 */
#ifndef CORRODE_LIB_PRINTF_H
#define CORRODE_LIB_PRINTF_H

#include <stdarg.h>
#include <stddef.h>

/* Where formatted text goes: `write` gets it piece by piece, not NUL-terminated. Embed it in a structure of yours. */
struct format_sink {
    void (*write)(struct format_sink *sink, const char *text, size_t length);
};

/* Both return the number of characters written. */
int format_sink_vprintf(struct format_sink *sink, const char *format, va_list arguments);
int format_sink_printf(struct format_sink *sink, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As in C11 7.21.6.5: at most SIZE bytes with the NUL; returns the length that the whole text has. */
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);
int snprintf(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
