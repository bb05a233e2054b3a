/*
 * Terminals: an emulated xterm each (tty/emulator.h), of which one at a time is shown on the machine's screen and gets
 * what is typed on its keyboard.
 *
 *     terminal_init(&memory);              once there is memory: the console becomes the first terminal
 *     terminal_write(t, bytes, length);    what a program writes
 *     terminal_key(t, &event);             what a keyboard driver reports ...
 *     terminal_read(t, bytes, size);       ... and what a program reads of it
 *
 * Terminals know nothing of lines, echo or signals: that is a line discipline's part (tty/tty.h), which stands above
 * them.
 *
 * All functions may be called in any context, interrupt handlers too, but those that say otherwise.
 */
#ifndef CORRODE_TTY_TERMINAL_H
#define CORRODE_TTY_TERMINAL_H

#include "tty/key.h"

#include <stddef.h>

#define TERMINAL_INPUT_SIZE 1024 /* bytes that wait to be read */

struct terminal;

/* Where terminals get memory from. */
struct terminal_memory {
    void *(*allocate)(size_t size); /* zeros, aligned to 16; NULL: there is none */
    void (*release)(void *memory);
};

/* Who sounds when a terminal shall: called in the context of terminal_write, with no lock held. NULL: nobody. */
void terminal_set_bell(void (*ring)(void));

/*
 * Takes the screen over from the early console: makes a terminal of the screen's size with what stands there, shows it,
 * and sends the console's output to it from now on. 0, -ENOMEM, or -ENODEV without a screen: all stays as it was.
 */
int terminal_init(const struct terminal_memory *memory);

/* A terminal of its own size, or, with 0, of the screen's (80x25 without one). NULL: no memory. May sleep. */
struct terminal *terminal_create(unsigned columns, unsigned rows);

/* Nobody uses it any more, and it is not shown. May sleep. */
void terminal_destroy(struct terminal *terminal);

/* Shows a terminal of the screen's size in place of the one that was shown; -EINVAL for another size. */
int terminal_show(struct terminal *terminal);

/* The one that is shown; NULL without a screen. */
struct terminal *terminal_shown(void);

void terminal_size(const struct terminal *terminal, unsigned *columns, unsigned *rows);

/*
 * Text in UTF-8 with escape sequences. Answers to questions in it (where is the cursor?) come as input, but NOTIFY is
 * not called: who writes looks himself. terminal_mute: there are no answers from now on, or again.
 */
void terminal_write(struct terminal *terminal, const char *text, size_t length);
void terminal_mute(struct terminal *terminal, bool mute);

/* Shows what was there UP rows ago, or forward when negative, until something is written or a key is pressed. */
void terminal_look_back(struct terminal *terminal, int up);

void terminal_key(struct terminal *terminal, const struct key_event *event);

/* Adds bytes to the input as they are. What there is no room for is lost, from the first byte on that does not fit. */
void terminal_input(struct terminal *terminal, const char *bytes, size_t length);

/* Takes up to SIZE bytes of the input; 0 when there is none. terminal_has_input tells whether there is some. */
size_t terminal_read(struct terminal *terminal, char *bytes, size_t size);
bool terminal_has_input(struct terminal *terminal);

/*
 * Calls NOTIFY after keys or terminal_input have brought input, with no lock held, in any context; NULL: nobody wants
 * to know. So a thread waits:
 *
 *     static void wake(void *queue) { wait_queue_wake_all(queue); }
 *
 *     terminal_set_notify(terminal, wake, &queue);
 *     wait_event(&queue, terminal_has_input(terminal)); // which may be looked at more than once
 */
void terminal_set_notify(struct terminal *terminal, void (*notify)(void *context), void *context);

#endif
