/*
 * What must not outlive the tool: temporary files, the QEMU that it started, the terminal's raw mode. Whatever is
 * registered here is undone at exit() and on the signals that end a program.
 */
#ifndef CORRODE_CLEANUP_H
#define CORRODE_CLEANUP_H

#include <sys/types.h>

/* Call once, before anything else is registered. */
void cleanup_install(void);

/* A private directory under $TMPDIR, made at the first call; and a path inside it, allocated. */
const char *cleanup_directory(void);
char *cleanup_path(const char *name);

/* A file or empty directory elsewhere to remove; forget it once it has its final name. Later ones go first. */
void cleanup_add(const char *path);
void cleanup_forget(const char *path);

/* The child to kill; 0 for none. */
void cleanup_child(pid_t child);

/* Remember the settings of the terminal FILE, to be restored when QEMU has ended, and restore them now. */
void cleanup_terminal_save(int file);
void cleanup_terminal_restore(void);

/* Cleans up, and ends the tool as by that signal. */
void cleanup_die(int number);

#endif
