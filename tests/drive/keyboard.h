/* QEMU's monitor (HMP), and keys of a PC pressed through it. */
#ifndef CORRODE_TESTS_DRIVE_KEYBOARD_H
#define CORRODE_TESTS_DRIVE_KEYBOARD_H

#include <stdbool.h>
#include <stddef.h>

/* What is typed goes to the machine's keyboard, and what is seen is its screen. */
extern bool keyboard_is_used;

/* Connects to the monitor's socket, for which it waits some seconds; false: it did not come. */
bool monitor_open(const char *path);
bool monitor_is_open(void);

/* One command; waits until it is done. False when the monitor is gone. */
bool monitor_command(const char *command);

/* Presses the keys for TEXT on a US keyboard, where ESC [ A is a cursor key's; a combination as the monitor's sendkey
 * has it, such as ctrl-alt-delete. */
void keyboard_type(const char *text, size_t length);
void keyboard_press(const char *keys);

#endif
