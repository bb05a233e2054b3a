/*
 * The font of VGA text screens.
 */
#ifndef CORRODE_TTY_TEXT_FONT_H
#define CORRODE_TTY_TEXT_FONT_H

#include <stdint.h>

/* The code, in a VGA text cell, that shows a Unicode character; a filled square for what the font lacks. */
uint8_t text_font_code(uint32_t character);

#endif
