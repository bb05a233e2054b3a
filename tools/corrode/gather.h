/*
 * Gathering what a program of this machine needs to run in one of its own: the program, its interpreter and libraries,
 * found as the dynamic loader would find them, and for a script the program that its first line names. All under the
 * same names as here, symbolic links with what they lead to.
 *
 *     struct tree_node *root = gather_root();
 *     char *path = gather_program(root, "python3");
 *     gather_file(root, "/etc/passwd");
 *
 * Source: ld.so(8), execve(2).
 */
#ifndef CORRODE_GATHER_H
#define CORRODE_GATHER_H

#include "tree.h"

/* A root with the directories that every program expects: /dev, /proc, /sys, /tmp, /run, /root. */
struct tree_node *gather_root(void);

/*
 * WORD is a path, or is looked for in $PATH. Its absolute path there, allocated. Fatal when it is not there, cannot be
 * run, or needs a library that is not there.
 */
char *gather_program(struct tree_node *root, const char *word);

/*
 * Does WORD mean a program of this machine: a script, an ELF file that is no kernel, or a name that is no file here but
 * is in $PATH?
 */
bool gather_is_program(const char *word);

/* Where programs look for others in their machine. */
#define GATHER_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* WORD, which was gathered and run, did not find some command. If it is a script this says how to give it that. */
void gather_advise(const char *word);

/* A file or link, or a directory with all that is in it; GUEST is its path there, NULL: the same. */
void gather_file(struct tree_node *root, const char *host, const char *guest);

/* The same, and what it needs to run if it is a program or library. */
void gather_addition(struct tree_node *root, const char *host, const char *guest);

#endif
