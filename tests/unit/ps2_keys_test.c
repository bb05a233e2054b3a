/*
 * The decoder of scan codes (kernel/drivers/ps2_keys.c), for both sets: what is typed is what comes out.
 */
#include "tests/unit/unit.h"

#include "drivers/ps2_keys.h"

#include <string.h>

static struct key_event events[64];
static unsigned event_count;
static struct ps2_decoder decoder;

static void on_key(void *context, const struct key_event *event)
{
    assert_ptr_equal(context, events);
    assert_in_range(event_count, 0, 63);
    events[event_count++] = *event;
}

static int set_1(void **state)
{
    ps2_decoder_init(&decoder, PS2_SET_1, on_key, events);
    event_count = 0;
    return 0;
}

static int set_2(void **state)
{
    ps2_decoder_init(&decoder, PS2_SET_2, on_key, events);
    event_count = 0;
    return 0;
}

static void feed(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ps2_decode(&decoder, (uint8_t)bytes[i]);
}
#define FEED(bytes) feed(bytes, sizeof(bytes) - 1)
#define FEED_SET(one, two) (decoder.set == PS2_SET_1 ? FEED(one) : FEED(two))

/* The next event, which nobody has looked at. */
static unsigned looked_at;
static void check(enum key key, uint32_t character, uint8_t modifiers, bool pressed)
{
    assert_true(looked_at < event_count);
    const struct key_event *event = &events[looked_at++];
    assert_int_equal(event->key, key);
    assert_int_equal(event->character, character);
    assert_int_equal(event->modifiers, modifiers);
    assert_int_equal(event->pressed, pressed);
}
static void check_end(void)
{
    assert_int_equal(looked_at, event_count);
    looked_at = event_count = 0;
}

/* The characters that came, of pressed keys. */
static void check_typed(const char *expected)
{
    char typed[64];
    unsigned length = 0;
    for (unsigned i = 0; i < event_count; i++) {
        if (events[i].pressed && events[i].key == KEY_NONE)
            typed[length++] = (char)events[i].character;
    }
    typed[length] = '\0';
    assert_string_equal(typed, expected);
    looked_at = event_count = 0;
}

static void test_letters(void **state)
{
    FEED_SET("\x1e\x9e", "\x1c\xf0\x1c");
    check(KEY_NONE, 'a', 0, true);
    check(KEY_NONE, 'a', 0, false);
    check_end();
    FEED_SET("\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1e\x1f\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29",
        "\x15\x1d\x24\x2d\x2c\x35\x3c\x43\x44\x4d\x54\x5b\x1c\x1b\x23\x2b\x34\x33\x3b\x42\x4b\x4c\x52\x0e");
    check_typed("qwertyuiop[]asdfghjkl;'`");
    FEED_SET(
        "\x2b\x2c\x2d\x2e\x2f\x30\x31\x32\x33\x34\x35\x39\x56", "\x5d\x1a\x22\x21\x2a\x32\x31\x3a\x41\x49\x4a\x29\x61");
    check_typed("\\zxcvbnm,./ \\");
    FEED_SET("\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d", "\x16\x1e\x26\x25\x2e\x36\x3d\x3e\x46\x45\x4e\x55");
    check_typed("1234567890-=");
}

static void test_shift(void **state)
{
    FEED_SET("\x2a\x1e\x9e\x02\x36\xaa\x1f\xb6\x1f", "\x12\x1c\xf0\x1c\x16\x59\xf0\x12\x1b\xf0\x59\x1b");
    check(KEY_SHIFT, 0, KEY_MODIFIER_SHIFT, true);
    check(KEY_NONE, 'A', KEY_MODIFIER_SHIFT, true);
    check(KEY_NONE, 'A', KEY_MODIFIER_SHIFT, false);
    check(KEY_NONE, '!', KEY_MODIFIER_SHIFT, true);
    check(KEY_SHIFT, 0, KEY_MODIFIER_SHIFT, true);
    check(KEY_SHIFT, 0, KEY_MODIFIER_SHIFT, false); /* one of two */
    check(KEY_NONE, 'S', KEY_MODIFIER_SHIFT, true);
    check(KEY_SHIFT, 0, 0, false);
    check(KEY_NONE, 's', 0, true);
    check_end();
}

static void test_control_and_alt(void **state)
{
    FEED_SET("\x1d\x2e\x9d\xe0\x38\x21\xe0\xb8", "\x14\x21\xf0\x14\xe0\x11\x2b\xe0\xf0\x11");
    check(KEY_CONTROL, 0, KEY_MODIFIER_CONTROL, true);
    check(KEY_NONE, 'c', KEY_MODIFIER_CONTROL, true);
    check(KEY_CONTROL, 0, 0, false);
    check(KEY_ALT, 0, KEY_MODIFIER_ALT, true);
    check(KEY_NONE, 'f', KEY_MODIFIER_ALT, true);
    check(KEY_ALT, 0, 0, false);
    check_end();
}

static void test_caps_lock(void **state)
{
    FEED_SET(
        "\x3a\x3a\x3a\xba\x1e\x02\x2a\x1f", "\x58\x58\x58\xf0\x58\x1c\x16\x12\x1b"); /* it repeats, which is nothing */
    check_typed("A1s");
    assert_int_equal(decoder.leds, PS2_LED_CAPS);
    FEED_SET("\xaa\x3a\xba\x20", "\xf0\x12\x58\xf0\x58\x23");
    check_typed("d");
    assert_int_equal(decoder.leds, 0);
}

static void test_keypad(void **state)
{
    FEED_SET("\x48\xc8\x4c\xcc\x53", "\x75\xf0\x75\x73\xf0\x73\x71");
    check(KEY_UP, 0, 0, true);
    check(KEY_UP, 0, 0, false);
    check(KEY_CENTER, 0, 0, true);
    check(KEY_CENTER, 0, 0, false);
    check(KEY_DELETE, 0, 0, true);
    check_end();
    FEED_SET("\x45\xc5\x47\x48\x49\x4a\x4b\x4c\x4d\x4e\x4f\x50\x51\x52\x53\x37\xe0\x35",
        "\x77\xf0\x77\x6c\x75\x7d\x7b\x6b\x73\x74\x79\x69\x72\x7a\x70\x71\x7c\xe0\x4a");
    check_typed("789-456+1230.*/");
    assert_int_equal(decoder.leds, PS2_LED_NUM);
    FEED_SET("\x2a\xc8\x48", "\x12\xf0\x75\x75"); /* shift turns it round */
    looked_at = 1;
    check(KEY_UP, 0, KEY_MODIFIER_SHIFT, false);
    check(KEY_UP, 0, KEY_MODIFIER_SHIFT, true);
    check_end();
    FEED_SET("\xaa\xe0\x1c", "\xf0\x12\xe0\x5a");
    looked_at = 1;
    check(KEY_ENTER, 0, 0, true);
    check_end();
}

static void test_named_keys(void **state)
{
    static const enum key expected[] = {KEY_ESCAPE, KEY_BACKSPACE, KEY_TAB, KEY_ENTER, KEY_F1, KEY_F1 + 1, KEY_F1 + 2,
        KEY_F1 + 3, KEY_F1 + 4, KEY_F1 + 5, KEY_F1 + 6, KEY_F1 + 7, KEY_F1 + 8, KEY_F1 + 9, KEY_F1 + 10, KEY_F12};
    FEED_SET("\x01\x0e\x0f\x1c\x3b\x3c\x3d\x3e\x3f\x40\x41\x42\x43\x44\x57\x58",
        "\x76\x66\x0d\x5a\x05\x06\x04\x0c\x03\x0b\x83\x0a\x01\x09\x78\x07");
    for (unsigned i = 0; i < sizeof expected / sizeof expected[0]; i++)
        check(expected[i], 0, 0, true);
    check_end();

    static const enum key block[] = {KEY_HOME, KEY_UP, KEY_PAGE_UP, KEY_LEFT, KEY_RIGHT, KEY_END, KEY_DOWN,
        KEY_PAGE_DOWN, KEY_INSERT, KEY_DELETE, KEY_SUPER, KEY_MENU};
    FEED_SET("\xe0\x47\xe0\x48\xe0\x49\xe0\x4b\xe0\x4d\xe0\x4f\xe0\x50\xe0\x51\xe0\x52\xe0\x53\xe0\x5b\xe0\x5d",
        "\xe0\x6c\xe0\x75\xe0\x7d\xe0\x6b\xe0\x74\xe0\x69\xe0\x72\xe0\x7a\xe0\x70\xe0\x71\xe0\x1f\xe0\x2f");
    for (unsigned i = 0; i < sizeof block / sizeof block[0]; i++)
        check(block[i], 0, 0, true);
    check_end();
}

static void test_shifts_that_nobody_pressed(void **state)
{
    /* With num lock on, the cursor block comes wrapped in a left shift; Print Screen always does. */
    FEED_SET("\xe0\x2a\xe0\x4b\xe0\xcb\xe0\xaa", "\xe0\x12\xe0\x6b\xe0\xf0\x6b\xe0\xf0\x12");
    check(KEY_LEFT, 0, 0, true);
    check(KEY_LEFT, 0, 0, false);
    check_end();
    FEED_SET("\xe0\x2a\xe0\x37\xe0\xb7\xe0\xaa", "\xe0\x12\xe0\x7c\xe0\xf0\x7c\xe0\xf0\x12");
    check(KEY_PRINT, 0, 0, true);
    check(KEY_PRINT, 0, 0, false);
    check_end();
}

static void test_pause(void **state)
{
    FEED_SET("\xe1\x1d\x45\xe1\x9d\xc5\x1e", "\xe1\x14\x77\xe1\xf0\x14\xf0\x77\x1c");
    check(KEY_PAUSE, 0, 0, true);
    check(KEY_PAUSE, 0, 0, false);
    check(KEY_NONE, 'a', 0, true); /* neither Control nor Num Lock is down */
    check_end();
    FEED_SET("\x1d\xe0\x46\xe0\xc6", "\x14\xe0\x7e\xe0\xf0\x7e");
    check(KEY_CONTROL, 0, KEY_MODIFIER_CONTROL, true);
    check(KEY_BREAK, 0, KEY_MODIFIER_CONTROL, true);
    check(KEY_BREAK, 0, KEY_MODIFIER_CONTROL, false);
    check_end();
}

static void test_repeat(void **state)
{
    FEED_SET("\x1e\x1e\x1e\x9e\x2a\x2a\x2a\xaa", "\x1c\x1c\x1c\xf0\x1c\x12\x12\x12\xf0\x12");
    check(KEY_NONE, 'a', 0, true);
    check(KEY_NONE, 'a', 0, true);
    check(KEY_NONE, 'a', 0, true);
    check(KEY_NONE, 'a', 0, false);
    check(KEY_SHIFT, 0, KEY_MODIFIER_SHIFT, true);
    check(KEY_SHIFT, 0, 0, false);
    check_end();
}

static void test_lost_bytes(void **state)
{
    FEED_SET("\x2a\x1e\xff\x1f", "\x12\x1c\x00\x1b");
    check(KEY_SHIFT, 0, KEY_MODIFIER_SHIFT, true);
    check(KEY_NONE, 'A', KEY_MODIFIER_SHIFT, true);
    check(KEY_NONE, 'A', KEY_MODIFIER_SHIFT, false); /* as if all were released */
    check(KEY_SHIFT, 0, 0, false);
    check(KEY_NONE, 's', 0, true);
    check_end();
    FEED("\xfa\xfe\xee\xfc\xe0\xfa"); /* answers, not keys; the prefix stays */
    FEED_SET("\x48", "\x75");
    check(KEY_UP, 0, 0, true);
    FEED_SET("\xe1\x1e\x20", "\xe1\x1c\x23"); /* no Pause: what follows its prefix is not known, what follows that is */
    check(KEY_NONE, 'd', 0, true);
    FEED_SET("\xb0\x59\x7f", "\xf0\x32\x02\x7f\x8f"); /* released without having been pressed; no keys */
    check_end();
}

#define ON_BOTH(test)                                                                                                  \
    {#test " (set 1)", test, set_1, NULL, NULL},                                                                       \
    {                                                                                                                  \
        #test " (set 2)", test, set_2, NULL, NULL                                                                      \
    }

UNIT_MAIN(ON_BOTH(test_letters), ON_BOTH(test_shift), ON_BOTH(test_control_and_alt), ON_BOTH(test_caps_lock),
    ON_BOTH(test_keypad), ON_BOTH(test_named_keys), ON_BOTH(test_shifts_that_nobody_pressed), ON_BOTH(test_pause),
    ON_BOTH(test_repeat), ON_BOTH(test_lost_bytes))
