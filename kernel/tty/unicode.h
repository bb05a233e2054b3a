/*
 * What a terminal must know of a character: how many columns it takes; and UTF-8.
 */
#ifndef CORRODE_TTY_UNICODE_H
#define CORRODE_TTY_UNICODE_H

#include <stdint.h>

#define UNICODE_MAX 0x10ffff
#define UNICODE_REPLACEMENT 0xfffd /* stands for what is no character */

/*
 * 1; or 2 for characters that East Asian fonts draw wide; or 0 for what is drawn onto the character before (accents,
 * joiners), which terminals here leave out, and for control characters.
 */
unsigned unicode_width(uint32_t character);

/* Writes a character as UTF-8, 1 to 4 bytes, and returns how many; what is no character becomes U+FFFD. */
unsigned unicode_encode(uint32_t character, char bytes[4]);

#endif
