/*
 * Descriptors: a process's numbers for its open files. A table may be shared by several tasks (CLONE_FILES); each slot
 * holds a reference to its file.
 *
 * Locks: files->lock (spin, rank DESCRIPTORS) guards the slots.
 */
#ifndef CORRODE_PROC_FILES_H
#define CORRODE_PROC_FILES_H

#include "arch/x86_64/spinlock.h"
#include "fs/fs.h"

#define FILES_MAX 1024 /* descriptors of one table */

struct task_files {
    uint32_t references;
    struct spinlock lock;
    struct file *slots[FILES_MAX];
    uint64_t close_on_exec[FILES_MAX / 64];
};

struct task_files *files_create(void); /* empty, one reference; NULL: no memory */
void files_get(struct task_files *files);
void files_put(struct task_files *files); /* the last one closes everything */

/* A copy of its own with the same files; NULL: no memory. */
struct task_files *files_copy(struct task_files *files);
void files_close_on_exec(struct task_files *files);

/* The file with a reference for the caller; NULL: nothing is open there, or only with O_PATH. */
struct file *files_find(struct task_files *files, int fd);
/* The same for those to whom one with O_PATH is as good: who wants its attributes, its name, or the file itself. */
struct file *files_find_any(struct task_files *files, int fd);

/* Takes over the caller's reference to FILE when it succeeds. The lowest number that is free and below LIMIT, or
 * -EMFILE. */
int files_add(struct task_files *files, struct file *file, bool close_on_exec, uint64_t limit);
/* The same, of the numbers from FIRST on. */
int files_add_from(struct task_files *files, struct file *file, int first, bool close_on_exec, uint64_t limit);

/* Puts FILE, whose reference it takes over, at FD; what was open there is closed. FD, or -EBADF. */
int files_replace(struct task_files *files, struct file *file, int fd, bool close_on_exec, uint64_t limit);

/* Is FD closed by execve? 0 or 1; -EBADF. And says so. */
int files_get_close_on_exec(struct task_files *files, int fd);
int files_set_close_on_exec(struct task_files *files, int fd, bool close_on_exec);

/* 0 or -EBADF. */
int files_close(struct task_files *files, int fd);

#endif
