/*
 * Scan codes. Both sets are brought to one form: a code of set 1 without its highest bit, a prefix, and whether the key
 * was released; a table over that form says what key it is. Set 2 is brought there by the table that the controller
 * itself uses when it translates.
 *
 * Keys repeat: a key that is pressed while it is down is reported again, but a lock key or modifier is not. Print
 * Screen and the keys of the cursor block come, depending on shift and num lock, wrapped in shifts with the prefix E0h
 * that nobody has pressed: they are dropped. Pause is the only key with the prefix E1h, and has no release of its own
 * on real keyboards, but the sequence has one.
 *
 * When the keyboard's or the controller's buffer overran (00h or FFh instead of a code), releases may be lost, so all
 * keys count as released.
 *
 * Sources: IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-key)": scan codes, key positions;
 * Microsoft, "Keyboard Scan Code Specification" 1.3a, appendix A (both sets side by side).
 */
#include "drivers/ps2_keys.h"
#include "lib/types.h"

#define PREFIX 0xe0
#define PREFIX_PAUSE 0xe1
#define RELEASE_SET_1 0x80 /* a bit of the code */
#define RELEASE_SET_2 0xf0 /* a byte before it */
#define EXTENDED 0x100     /* in a code here: it had the prefix E0h */

/* Bits of decoder->held. */
#define HELD_LEFT_SHIFT 1u
#define HELD_RIGHT_SHIFT 2u
#define HELD_LEFT_CONTROL 4u
#define HELD_RIGHT_CONTROL 8u
#define HELD_LEFT_ALT 16u
#define HELD_RIGHT_ALT 32u

/* Codes of set 1 by codes of set 2; 0: no key. */
static const uint8_t set_2_to_1[] = {
    [0x01] = 0x43,
    [0x03] = 0x3f,
    [0x04] = 0x3d,
    [0x05] = 0x3b,
    [0x06] = 0x3c,
    [0x07] = 0x58,
    [0x09] = 0x44,
    [0x0a] = 0x42,
    [0x0b] = 0x40,
    [0x0c] = 0x3e,
    [0x0d] = 0x0f,
    [0x0e] = 0x29,
    [0x11] = 0x38,
    [0x12] = 0x2a,
    [0x14] = 0x1d,
    [0x15] = 0x10,
    [0x16] = 0x02,
    [0x1a] = 0x2c,
    [0x1b] = 0x1f,
    [0x1c] = 0x1e,
    [0x1d] = 0x11,
    [0x1e] = 0x03,
    [0x1f] = 0x5b,
    [0x21] = 0x2e,
    [0x22] = 0x2d,
    [0x23] = 0x20,
    [0x24] = 0x12,
    [0x25] = 0x05,
    [0x26] = 0x04,
    [0x27] = 0x5c,
    [0x29] = 0x39,
    [0x2a] = 0x2f,
    [0x2b] = 0x21,
    [0x2c] = 0x14,
    [0x2d] = 0x13,
    [0x2e] = 0x06,
    [0x2f] = 0x5d,
    [0x31] = 0x31,
    [0x32] = 0x30,
    [0x33] = 0x23,
    [0x34] = 0x22,
    [0x35] = 0x15,
    [0x36] = 0x07,
    [0x3a] = 0x32,
    [0x3b] = 0x24,
    [0x3c] = 0x16,
    [0x3d] = 0x08,
    [0x3e] = 0x09,
    [0x41] = 0x33,
    [0x42] = 0x25,
    [0x43] = 0x17,
    [0x44] = 0x18,
    [0x45] = 0x0b,
    [0x46] = 0x0a,
    [0x49] = 0x34,
    [0x4a] = 0x35,
    [0x4b] = 0x26,
    [0x4c] = 0x27,
    [0x4d] = 0x19,
    [0x4e] = 0x0c,
    [0x52] = 0x28,
    [0x54] = 0x1a,
    [0x55] = 0x0d,
    [0x58] = 0x3a,
    [0x59] = 0x36,
    [0x5a] = 0x1c,
    [0x5b] = 0x1b,
    [0x5d] = 0x2b,
    [0x61] = 0x56,
    [0x66] = 0x0e,
    [0x69] = 0x4f,
    [0x6b] = 0x4b,
    [0x6c] = 0x47,
    [0x70] = 0x52,
    [0x71] = 0x53,
    [0x72] = 0x50,
    [0x73] = 0x4c,
    [0x74] = 0x4d,
    [0x75] = 0x48,
    [0x76] = 0x01,
    [0x77] = 0x45,
    [0x78] = 0x57,
    [0x79] = 0x4e,
    [0x7a] = 0x51,
    [0x7b] = 0x4a,
    [0x7c] = 0x37,
    [0x7d] = 0x49,
    [0x7e] = 0x46,
    [0x83] = 0x41,
    [0x84] = 0x54,
};

/* A key of the layout: two characters, or a named key. The keypad has both: which counts is num lock's choice. */
struct mapping {
    uint8_t plain, shifted; /* characters; 0: none */
    uint8_t key;            /* enum key */
    uint8_t held;           /* HELD_*: a modifier */
    uint8_t led;            /* PS2_LED_*: a lock */
};

#define CHARACTER(plain, shifted) {plain, shifted, KEY_NONE, 0, 0}
#define NAMED(key) {0, 0, key, 0, 0}
#define KEYPAD(digit, key) {digit, digit, key, 0, 0}
#define MODIFIER(key, held) {0, 0, key, held, 0}
#define LOCK(key, led) {0, 0, key, 0, led}

static const struct mapping keys[] = {
    [0x01] = NAMED(KEY_ESCAPE),
    [0x02] = CHARACTER('1', '!'),
    [0x03] = CHARACTER('2', '@'),
    [0x04] = CHARACTER('3', '#'),
    [0x05] = CHARACTER('4', '$'),
    [0x06] = CHARACTER('5', '%'),
    [0x07] = CHARACTER('6', '^'),
    [0x08] = CHARACTER('7', '&'),
    [0x09] = CHARACTER('8', '*'),
    [0x0a] = CHARACTER('9', '('),
    [0x0b] = CHARACTER('0', ')'),
    [0x0c] = CHARACTER('-', '_'),
    [0x0d] = CHARACTER('=', '+'),
    [0x0e] = NAMED(KEY_BACKSPACE),
    [0x0f] = NAMED(KEY_TAB),
    [0x10] = CHARACTER('q', 'Q'),
    [0x11] = CHARACTER('w', 'W'),
    [0x12] = CHARACTER('e', 'E'),
    [0x13] = CHARACTER('r', 'R'),
    [0x14] = CHARACTER('t', 'T'),
    [0x15] = CHARACTER('y', 'Y'),
    [0x16] = CHARACTER('u', 'U'),
    [0x17] = CHARACTER('i', 'I'),
    [0x18] = CHARACTER('o', 'O'),
    [0x19] = CHARACTER('p', 'P'),
    [0x1a] = CHARACTER('[', '{'),
    [0x1b] = CHARACTER(']', '}'),
    [0x1c] = NAMED(KEY_ENTER),
    [0x1d] = MODIFIER(KEY_CONTROL, HELD_LEFT_CONTROL),
    [0x1e] = CHARACTER('a', 'A'),
    [0x1f] = CHARACTER('s', 'S'),
    [0x20] = CHARACTER('d', 'D'),
    [0x21] = CHARACTER('f', 'F'),
    [0x22] = CHARACTER('g', 'G'),
    [0x23] = CHARACTER('h', 'H'),
    [0x24] = CHARACTER('j', 'J'),
    [0x25] = CHARACTER('k', 'K'),
    [0x26] = CHARACTER('l', 'L'),
    [0x27] = CHARACTER(';', ':'),
    [0x28] = CHARACTER('\'', '"'),
    [0x29] = CHARACTER('`', '~'),
    [0x2a] = MODIFIER(KEY_SHIFT, HELD_LEFT_SHIFT),
    [0x2b] = CHARACTER('\\', '|'),
    [0x2c] = CHARACTER('z', 'Z'),
    [0x2d] = CHARACTER('x', 'X'),
    [0x2e] = CHARACTER('c', 'C'),
    [0x2f] = CHARACTER('v', 'V'),
    [0x30] = CHARACTER('b', 'B'),
    [0x31] = CHARACTER('n', 'N'),
    [0x32] = CHARACTER('m', 'M'),
    [0x33] = CHARACTER(',', '<'),
    [0x34] = CHARACTER('.', '>'),
    [0x35] = CHARACTER('/', '?'),
    [0x36] = MODIFIER(KEY_SHIFT, HELD_RIGHT_SHIFT),
    [0x37] = CHARACTER('*', '*'),
    [0x38] = MODIFIER(KEY_ALT, HELD_LEFT_ALT),
    [0x39] = CHARACTER(' ', ' '),
    [0x3a] = LOCK(KEY_CAPS_LOCK, PS2_LED_CAPS),
    [0x3b] = NAMED(KEY_F1),
    [0x3c] = NAMED(KEY_F1 + 1),
    [0x3d] = NAMED(KEY_F1 + 2),
    [0x3e] = NAMED(KEY_F1 + 3),
    [0x3f] = NAMED(KEY_F1 + 4),
    [0x40] = NAMED(KEY_F1 + 5),
    [0x41] = NAMED(KEY_F1 + 6),
    [0x42] = NAMED(KEY_F1 + 7),
    [0x43] = NAMED(KEY_F1 + 8),
    [0x44] = NAMED(KEY_F1 + 9),
    [0x45] = LOCK(KEY_NUM_LOCK, PS2_LED_NUM),
    [0x46] = LOCK(KEY_SCROLL_LOCK, PS2_LED_SCROLL),
    [0x47] = KEYPAD('7', KEY_HOME),
    [0x48] = KEYPAD('8', KEY_UP),
    [0x49] = KEYPAD('9', KEY_PAGE_UP),
    [0x4a] = CHARACTER('-', '-'),
    [0x4b] = KEYPAD('4', KEY_LEFT),
    [0x4c] = KEYPAD('5', KEY_CENTER),
    [0x4d] = KEYPAD('6', KEY_RIGHT),
    [0x4e] = CHARACTER('+', '+'),
    [0x4f] = KEYPAD('1', KEY_END),
    [0x50] = KEYPAD('2', KEY_DOWN),
    [0x51] = KEYPAD('3', KEY_PAGE_DOWN),
    [0x52] = KEYPAD('0', KEY_INSERT),
    [0x53] = KEYPAD('.', KEY_DELETE),
    [0x54] = NAMED(KEY_PRINT), /* with Alt */
    [0x56] = CHARACTER('\\', '|'),
    [0x57] = NAMED(KEY_F1 + 10),
    [0x58] = NAMED(KEY_F12),
};

/* With the prefix E0h. Those of the shifts are no keys. */
static const struct mapping extended_keys[] = {
    [0x1c] = NAMED(KEY_ENTER),
    [0x1d] = MODIFIER(KEY_CONTROL, HELD_RIGHT_CONTROL),
    [0x35] = CHARACTER('/', '/'),
    [0x37] = NAMED(KEY_PRINT),
    [0x38] = MODIFIER(KEY_ALT, HELD_RIGHT_ALT),
    [0x46] = NAMED(KEY_BREAK),
    [0x47] = NAMED(KEY_HOME),
    [0x48] = NAMED(KEY_UP),
    [0x49] = NAMED(KEY_PAGE_UP),
    [0x4b] = NAMED(KEY_LEFT),
    [0x4d] = NAMED(KEY_RIGHT),
    [0x4f] = NAMED(KEY_END),
    [0x50] = NAMED(KEY_DOWN),
    [0x51] = NAMED(KEY_PAGE_DOWN),
    [0x52] = NAMED(KEY_INSERT),
    [0x53] = NAMED(KEY_DELETE),
    [0x5b] = NAMED(KEY_SUPER),
    [0x5c] = NAMED(KEY_SUPER),
    [0x5d] = NAMED(KEY_MENU),
};

static const struct mapping *find_mapping(unsigned code)
{
    static const struct mapping none;
    if (code & EXTENDED)
        return (code & 0xff) < ARRAY_LENGTH(extended_keys) ? &extended_keys[code & 0xff] : &none;
    return code < ARRAY_LENGTH(keys) ? &keys[code] : &none;
}

static uint8_t modifiers(const struct ps2_decoder *decoder)
{
    uint8_t held = decoder->held;
    return (uint8_t)((held & (HELD_LEFT_SHIFT | HELD_RIGHT_SHIFT) ? KEY_MODIFIER_SHIFT : 0) |
                     (held & (HELD_LEFT_ALT | HELD_RIGHT_ALT) ? KEY_MODIFIER_ALT : 0) |
                     (held & (HELD_LEFT_CONTROL | HELD_RIGHT_CONTROL) ? KEY_MODIFIER_CONTROL : 0));
}

static void emit(struct ps2_decoder *decoder, const struct mapping *mapping, bool pressed)
{
    struct key_event event = {.key = mapping->key, .modifiers = modifiers(decoder), .pressed = pressed};
    bool shift = event.modifiers & KEY_MODIFIER_SHIFT;

    if (mapping->plain != 0 && mapping->key != KEY_NONE) { /* the keypad: shift turns num lock round */
        if (!(decoder->leds & PS2_LED_NUM) == !shift) {
            decoder->on_key(decoder->context, &event);
            return;
        }
        event.key = KEY_NONE;
        event.modifiers &= ~KEY_MODIFIER_SHIFT;
    }
    if (event.key == KEY_NONE) {
        bool letter = mapping->plain >= 'a' && mapping->plain <= 'z';
        if (letter && (decoder->leds & PS2_LED_CAPS))
            shift = !shift;
        event.character = shift ? mapping->shifted : mapping->plain;
    }
    decoder->on_key(decoder->context, &event);
}

static void key_changed(struct ps2_decoder *decoder, unsigned code, bool pressed)
{
    const struct mapping *mapping = find_mapping(code);
    uint32_t *word = &decoder->down[code / 32], bit = 1u << code % 32;
    bool was_down = *word & bit;

    if (mapping->plain == 0 && mapping->key == KEY_NONE)
        return;
    *word = pressed ? *word | bit : *word & ~bit;
    if (pressed && was_down && (mapping->held | mapping->led))
        return;
    if (!pressed && !was_down)
        return; /* its press was before our time, or lost */

    decoder->held = (uint8_t)(pressed ? decoder->held | mapping->held : decoder->held & ~mapping->held);
    if (pressed)
        decoder->leds ^= mapping->led;
    emit(decoder, mapping, pressed);
}

/* Pause: E1h, left control, num lock. */
static void feed_pause(struct ps2_decoder *decoder, unsigned code, bool pressed)
{
    static const struct mapping pause = NAMED(KEY_PAUSE);
    if (!decoder->second && code == 0x1d) {
        decoder->second = 1;
        return;
    }
    decoder->prefix = 0;
    if (decoder->second && code == 0x45)
        emit(decoder, &pause, pressed);
}

static void feed_code(struct ps2_decoder *decoder, unsigned code, bool pressed)
{
    uint8_t prefix = decoder->prefix;
    if (prefix == PREFIX_PAUSE) {
        feed_pause(decoder, code, pressed);
        return;
    }
    decoder->prefix = 0;
    key_changed(decoder, code | (prefix == PREFIX ? EXTENDED : 0), pressed);
}

static void feed_set_2(struct ps2_decoder *decoder, uint8_t byte)
{
    if (byte == RELEASE_SET_2) {
        decoder->released = true;
        return;
    }
    uint8_t code = byte < ARRAY_LENGTH(set_2_to_1) ? set_2_to_1[byte] : 0;
    bool pressed = !decoder->released;
    decoder->released = false;
    feed_code(decoder, code, pressed);
}

void ps2_decode(struct ps2_decoder *decoder, uint8_t byte)
{
    switch (byte) {
    case 0x00: /* overrun, set 2 */
    case 0xff: /* overrun, set 1 */ ps2_decoder_reset(decoder); return;
    case PREFIX:
    case PREFIX_PAUSE:
        decoder->prefix = byte;
        decoder->second = 0;
        decoder->released = false;
        return;
    case 0xee: /* echo */
    case 0xfa: /* acknowledge */
    case 0xfc: /* self-test failed */
    case 0xfd:
    case 0xfe: /* resend */ return;
    }
    if (decoder->set == PS2_SET_1)
        feed_code(decoder, byte & ~RELEASE_SET_1 & 0xff, !(byte & RELEASE_SET_1));
    else
        feed_set_2(decoder, byte);
}

void ps2_decoder_reset(struct ps2_decoder *decoder)
{
    decoder->prefix = decoder->second = 0;
    decoder->released = false;
    for (unsigned code = 0; code < 32 * ARRAY_LENGTH(decoder->down); code++) {
        if (decoder->down[code / 32] >> code % 32 & 1)
            key_changed(decoder, code, false);
    }
}

void ps2_decoder_init(struct ps2_decoder *decoder, enum ps2_set set,
    void (*on_key)(void *context, const struct key_event *event), void *context)
{
    *decoder = (struct ps2_decoder){.on_key = on_key, .context = context, .set = set};
}
