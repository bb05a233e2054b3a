/*
 * Keys as a keyboard driver reports them and a terminal encodes them: characters of the layout, and keys that have a
 * name but no character.
 */
#ifndef CORRODE_TTY_KEY_H
#define CORRODE_TTY_KEY_H

#include <stdbool.h>
#include <stdint.h>

enum key {
    KEY_NONE, /* the event's `character` says it all */
    KEY_ENTER,
    KEY_TAB,
    KEY_BACKSPACE,
    KEY_ESCAPE,
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_INSERT,
    KEY_DELETE,
    KEY_HOME,
    KEY_END,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_F1, /* to F12, in order */
    KEY_F12 = KEY_F1 + 11,

    /* These have no code in a terminal. */
    KEY_CENTER, /* 5 on the keypad, without num lock */
    KEY_PRINT,
    KEY_PAUSE,
    KEY_BREAK,
    KEY_MENU,
    KEY_SHIFT, /* left and right alike */
    KEY_CONTROL,
    KEY_ALT,
    KEY_SUPER,
    KEY_CAPS_LOCK,
    KEY_NUM_LOCK,
    KEY_SCROLL_LOCK,
};

/* Modifiers, or-ed; the numbers are those of xterm's sequences. */
#define KEY_MODIFIER_SHIFT 1u
#define KEY_MODIFIER_ALT 2u
#define KEY_MODIFIER_CONTROL 4u

struct key_event {
    enum key key;
    uint32_t character; /* of KEY_NONE: Unicode, with shift and caps lock applied, but not control */
    uint8_t modifiers;  /* KEY_MODIFIER_* that are down */
    bool pressed;       /* or repeated; false: released */
};

#endif
