/*
 * What a PS/2 keyboard sends, decoded: scan codes of set 1 or 2 in, keys and characters of a US keyboard out.
 *
 *     struct ps2_decoder decoder;
 *     ps2_decoder_init(&decoder, PS2_SET_1, on_key, context);
 *     ps2_decode(&decoder, byte);               calls on_key when a key is complete
 */
#ifndef CORRODE_DRIVERS_PS2_KEYS_H
#define CORRODE_DRIVERS_PS2_KEYS_H

#include "tty/key.h"

enum ps2_set {
    PS2_SET_1, /* what the controller makes of set 2 when it translates */
    PS2_SET_2, /* what a keyboard sends by default */
};

/* The lights, as the keyboard's command EDh has them. */
#define PS2_LED_SCROLL 1u
#define PS2_LED_NUM 2u
#define PS2_LED_CAPS 4u

struct ps2_decoder {
    void (*on_key)(void *context, const struct key_event *event);
    void *context;
    enum ps2_set set;
    uint8_t leds;      /* PS2_LED_*: what is locked */
    uint8_t held;      /* modifier keys that are down, left and right apart */
    uint8_t prefix;    /* E0h, E1h, or 0 */
    uint8_t second;    /* of an E1h sequence: its first code has come */
    bool released;     /* set 2: F0h has come */
    uint32_t down[16]; /* keys that are down, a bit each, by code of set 1, from 256 on those with the prefix E0h */
};

void ps2_decoder_init(struct ps2_decoder *decoder, enum ps2_set set,
    void (*on_key)(void *context, const struct key_event *event), void *context);

/* Any byte may come at any time. */
void ps2_decode(struct ps2_decoder *decoder, uint8_t byte);

/* Releases every key that is down, and forgets half a sequence: bytes have been lost. */
void ps2_decoder_reset(struct ps2_decoder *decoder);

#endif
