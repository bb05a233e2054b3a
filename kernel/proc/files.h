/*
 * Descriptors: a process's numbers for its open files. A table may be shared by several tasks (CLONE_FILES); each slot
 * holds a reference to its file.
 *
 * A table begins with room for a few descriptors within itself, which most processes never exceed; then it grows by
 * doubling, and never shrinks. A copy, for fork, is as large as what is open needs.
 *
 * Locks: files->lock (spin, rank DESCRIPTORS) guards all of it. While only one task has the table it looks without the
 * lock: only that task changes it.
 */
#ifndef CORRODE_PROC_FILES_H
#define CORRODE_PROC_FILES_H

#include "arch/x86_64/spinlock.h"
#include "fs/fs.h"

#define FILES_MAX (1u << 20) /* what RLIMIT_NOFILE may be: /proc/sys/fs/nr_open */
#define FILES_FEW 64         /* room in the table itself */

struct task_files {
    uint32_t references; /* the tasks', and those of who looks from outside */
    uint32_t tasks;      /* when the last of these leaves, everything is closed */
    struct spinlock lock;
    uint32_t size;           /* slots, a multiple of 64 */
    uint32_t first_free;     /* no lower number is free */
    struct file **slots;     /* NULL where nothing is open */
    uint64_t *open;          /* a bit for each slot */
    uint64_t *close_on_exec; /* the same */
    struct file *few[FILES_FEW];
    uint64_t few_open[FILES_FEW / 64], few_close_on_exec[FILES_FEW / 64];
};

struct task_files *files_create(void);                    /* empty, for one task; NULL: no memory */
struct task_files *files_share(struct task_files *files); /* for one task more */
void files_leave(struct task_files *files);               /* one task less; NULL is allowed */
void files_get(struct task_files *files);                 /* for who looks from outside */
void files_put(struct task_files *files);

/* A copy of its own with the same files; NULL: no memory. */
struct task_files *files_copy(struct task_files *files);
void files_close_on_exec(struct task_files *files);

/* The file with a reference for the caller; NULL: nothing is open there, or only with O_PATH. */
struct file *files_find(struct task_files *files, int fd);
/* The same for those to whom one with O_PATH is as good: who wants its attributes, its name, or the file itself. */
struct file *files_find_any(struct task_files *files, int fd);

/*
 * For the length of one system call of a task that has the table: while no other one has it, nobody can close what this
 * one uses, so no reference is needed.
 *
 *     struct file_use use = files_use(task->files, fd);
 *     if (use.file == NULL)
 *         return -EBADF;
 *     ...
 *     file_unuse(use);
 */
struct file_use {
    struct file *file;
    bool counted;
};

static inline bool files_are_own(const struct task_files *files)
{
    return __atomic_load_n(&files->tasks, __ATOMIC_ACQUIRE) == 1;
}

/* When they are: what is open there, without a reference; NULL as for files_find_any, and as for files_find. */
static inline struct file *files_peek_any(const struct task_files *files, int fd)
{
    return (unsigned)fd < files->size ? files->slots[fd] : NULL;
}

static inline struct file *files_peek(const struct task_files *files, int fd)
{
    struct file *file = files_peek_any(files, fd);
    return file == NULL || file->flags & O_PATH ? NULL : file;
}

static inline struct file_use files_use(struct task_files *files, int fd)
{
    bool own = files_are_own(files);
    return (struct file_use){.file = own ? files_peek(files, fd) : files_find(files, fd), .counted = !own};
}

/* As files_find_any. */
static inline struct file_use files_use_any(struct task_files *files, int fd)
{
    bool own = files_are_own(files);
    return (struct file_use){.file = own ? files_peek_any(files, fd) : files_find_any(files, fd), .counted = !own};
}

static inline void file_unuse(struct file_use use)
{
    if (use.counted && use.file)
        file_put(use.file);
}

/*
 * Takes over the caller's reference to FILE when it succeeds. The lowest number that is free and below LIMIT, or
 * -EMFILE, -ENOMEM.
 */
int files_add(struct task_files *files, struct file *file, bool close_on_exec, uint64_t limit);
/* The same, of the numbers from FIRST on. */
int files_add_from(struct task_files *files, struct file *file, int first, bool close_on_exec, uint64_t limit);

/* Puts FILE, whose reference it takes over, at FD; what was open there is closed. FD, or -EBADF, -ENOMEM. */
int files_replace(struct task_files *files, struct file *file, int fd, bool close_on_exec, uint64_t limit);

/* Is FD closed by execve? 0 or 1; -EBADF. And says so; and says so of FIRST to LAST. */
int files_get_close_on_exec(struct task_files *files, int fd);
int files_set_close_on_exec(struct task_files *files, int fd, bool close_on_exec);
void files_set_close_on_exec_range(struct task_files *files, unsigned first, unsigned last);

/* 0 or -EBADF; FIRST to LAST, those of them that are open. */
int files_close(struct task_files *files, int fd);
void files_close_range(struct task_files *files, unsigned first, unsigned last);

/* For who only looks at what others have open: the first open one from FD on, and its flags (O_*); -1: none. */
int files_next(struct task_files *files, unsigned fd, unsigned *flags);
unsigned files_size(struct task_files *files); /* how many there is room for now */

#endif
