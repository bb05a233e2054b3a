/*
 * The virtual file system: what all file systems have in common, and what a program sees of them.
 *
 *     superblock   a file system, mounted somewhere or not
 *     inode        a file, directory, link, device, pipe or socket: its attributes and its contents
 *     dentry       a name in a directory, and what it leads to: an inode, or (negative) nothing
 *     mount        a superblock's place in the tree of names
 *     path         a dentry and the mount through which it was reached: what a name resolves to
 *     file         an open file: a path, a position and flags; what descriptors refer to
 *
 * Dentries are cached, found and not found alike; a walk along a path asks the file system only for names that it has
 * not seen. tmpfs and other file systems in memory keep everything in the cache itself: their dentries are pinned.
 *
 * References: an inode is held by its dentries and by files; a dentry by its children, by paths and by its file system
 * if pinned; a mount by paths. What nobody holds goes at once.
 *
 * Locks: inode.lock (rwlock) orders changes of a directory's names and of a file's size; two directories are locked in
 * the order of ancestry, else of address (fs/names.c). The dentry cache has a spin lock for each hash bucket, below it
 * all. docs/locking.md.
 *
 * Source: POSIX.1-2017; path_resolution(7); Linux Documentation/filesystems/vfs.rst for the vocabulary.
 */
#ifndef CORRODE_FS_FS_H
#define CORRODE_FS_FS_H

#include "fs/iov.h"
#include "fs/poll.h"
#include "lib/list.h"
#include "sched/mutex.h"
#include "vm/vm.h"

#define NAME_LENGTH_MAX 255
#define PATH_LENGTH_MAX 4096 /* with the NUL */
#define LINK_DEPTH_MAX 40

/* Inode modes: <sys/stat.h>. */
#define S_IFMT 0170000u
#define S_IFSOCK 0140000u
#define S_IFLNK 0120000u
#define S_IFREG 0100000u
#define S_IFBLK 0060000u
#define S_IFDIR 0040000u
#define S_IFCHR 0020000u
#define S_IFIFO 0010000u
#define S_ISUID 04000u
#define S_ISGID 02000u
#define S_ISVTX 01000u

struct superblock;
struct inode;
struct dentry;
struct mount;
struct file;
struct path;
struct text;        /* fs/text.h */
struct credentials; /* fs/credentials.h */

/* Nanoseconds since 1970; signed: files are older than that. */
typedef int64_t fs_time_t;

struct inode {
    const struct inode_ops *ops;
    const struct file_ops *file_ops; /* for files that are opened on it */
    struct superblock *super;
    uint64_t number; /* unique in the superblock */
    uint32_t mode;
    uint32_t uid, gid;
    uint32_t links;
    uint32_t references;
    uint32_t device; /* of a device node: major << 8 | minor, as makedev has it for small numbers */
    int32_t writers; /* files that may write to it; negated: programs that run from it. inode_begin_write */
    uint64_t size;
    uint64_t blocks; /* of 512 bytes */
    fs_time_t accessed, modified, changed, created;
    bool linkable; /* it never had a name, and may get one: O_TMPFILE */
    struct rwlock lock;
    struct vm_object *object;      /* contents that can be mapped; NULL: none */
    struct file_locks *locks;      /* fs/lock.h; NULL: nobody has locked anything yet */
    struct inode_watches *watches; /* fs/inotify.c; NULL: nobody watches */
    struct list *xattrs;           /* fs/xattr.h; NULL: it has never had any */
    struct socket *socket;         /* that is bound to it: net/ */
    struct pipe *pipe;             /* of a FIFO that is open: fs/pipe.c */
    void *data;                    /* the file system's */
};

/* What can be done with an inode. NULL in a slot: -EPERM for changes, -ENOTDIR for what only directories do. */
struct inode_ops {
    /* Directories. dir->lock is held for writing (lookup: reading). `name` is not NUL-terminated. */
    int (*lookup)(struct inode *dir, const char *name, size_t length, struct inode **inode); /* -ENOENT */
    /*
     * Does DENTRY, which the cache has for DIR, still say what is so? Asked at each look-up, the directory perhaps not
     * locked. NULL: it does. A directory that has it never has names in the cache that lead to nothing, and none is
     * made in it: -ENOENT.
     */
    bool (*is_current)(struct inode *dir, const struct dentry *dentry);
    /* These make DENTRY, which is new, lead to a new inode of the caller's, or to INODE (dentry_add). */
    int (*create)(struct inode *dir, struct dentry *dentry, uint32_t mode, uint32_t device,
        const struct credentials *credentials);
    int (*symlink)(struct inode *dir, struct dentry *dentry, const char *target, const struct credentials *credentials);
    int (*link)(struct inode *dir, struct dentry *dentry, struct inode *inode);
    /* Takes the name away (dentry_unhash); an empty directory's too: else -ENOTEMPTY. */
    int (*unlink)(struct inode *dir, struct dentry *dentry);
    /* Moves FROM to the name, in place of VICTIM if that is not NULL (dentry_move): all or nothing. */
    int (*rename)(struct inode *from_dir, struct dentry *from, struct dentry *to_parent, const char *name,
        size_t length, struct dentry *victim);
    /* Each of the two goes to where the other is (dentry_exchange). NULL: -EINVAL. */
    int (*exchange)(struct dentry *one, struct dentry *other);
    /* Makes DENTRY, which is new and stays in no directory, lead to a new regular file without links. NULL:
     * -EOPNOTSUPP. */
    int (*create_unnamed)(
        struct inode *dir, struct dentry *dentry, uint32_t mode, const struct credentials *credentials);

    /* The target into BUFFER, not terminated; returns its length. */
    long (*read_link)(struct inode *inode, char *buffer, size_t size);
    /* /proc's links that lead to an object rather than a name. NULL: follow the text. */
    int (*follow_link)(struct inode *inode, struct path *path);

    int (*truncate)(struct inode *inode, uint64_t size);
    /* May those attributes change? The inode is locked; the caller sees to permissions. NULL: they may. */
    int (*change)(struct inode *inode, unsigned what);
#define INODE_CHANGE_MODE (1u << 0)
#define INODE_CHANGE_OWNER (1u << 1)
#define INODE_CHANGE_TIMES (1u << 2)
    /* Brings the inode's attributes up to date before they are told. NULL: they are. */
    int (*refresh)(struct inode *inode);
    /* Nobody refers to the inode any more; links tells whether its contents go too. */
    void (*release)(struct inode *inode);
};

/* One line of a directory, for getdents64. False: the buffer is full, and the position stays before this one. */
struct directory_sink {
    bool (*put)(struct directory_sink *sink, const char *name, size_t length, uint64_t inode, unsigned type,
        uint64_t next_position);
};

/* What can be done with an open file. NULL: -EINVAL, unless said otherwise. */
struct file_ops {
    int (*open)(struct file *file);     /* NULL: nothing to do. May replace file->ops and file->data */
    void (*release)(struct file *file); /* the last reference is gone; NULL: nothing to do */

    /* From *position, which it moves; buffers are the program's (fs/iov.h). Return bytes, 0 at the end, -errno. */
    long (*read)(struct file *file, struct iov *to, uint64_t *position);
    long (*write)(struct file *file, struct iov *from, uint64_t *position);
    long (*seek)(struct file *file, int64_t offset, int whence); /* NULL: by fs/file.c within size; -ESPIPE if stream */
    int (*read_directory)(struct file *file, struct directory_sink *sink, uint64_t *position); /* NULL: -ENOTDIR */
    /* Which POLL* bits hold now; TABLE gets the wait queues that announce others (fs/poll.h). NULL: always ready. */
    unsigned (*poll)(struct file *file, struct poll_table *table);
    long (*ioctl)(struct file *file, unsigned command, uintptr_t argument); /* NULL: -ENOTTY */
    int (*sync)(struct file *file, bool data_only);                         /* NULL: -EINVAL for streams, else 0 */
    int (*allocate)(struct file *file, int mode, uint64_t offset, uint64_t length); /* fallocate; NULL: -EOPNOTSUPP */
#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2
    /* What a map shows; FILE_MAP_ANONYMOUS: memory without a file. NULL: inode->object, else -ENODEV. */
    int (*map)(struct file *file, struct vm_object **object, uint64_t *offset);
#define FILE_MAP_ANONYMOUS 1
    bool stream;         /* no position: pipes, terminals, sockets */
    bool locks_position; /* read and write take position_lock themselves if they move it and it is the file's own */
};

struct path {
    struct mount *mount;
    struct dentry *dentry;
};

/* O_ of <fcntl.h>. */
#define O_ACCMODE 03u
#define O_RDONLY 00u
#define O_WRONLY 01u
#define O_RDWR 02u
#define O_CREAT 0100u
#define O_EXCL 0200u
#define O_NOCTTY 0400u
#define O_TRUNC 01000u
#define O_APPEND 02000u
#define O_NONBLOCK 04000u
#define O_DSYNC 010000u
#define O_ASYNC 020000u
#define O_DIRECT 040000u
#define O_LARGEFILE 0100000u
#define O_DIRECTORY 0200000u
#define O_NOFOLLOW 0400000u
#define O_NOATIME 01000000u
#define O_CLOEXEC 02000000u
#define O_SYNC 04010000u
#define O_PATH 010000000u
#define O_TMPFILE 020200000u

/* file->flags, beside them: the file is a program's, and keeps others from writing to it until it is closed. */
#define FILE_PROGRAM (1u << 30)

struct file {
    const struct file_ops *ops;
    struct path path;
    struct inode *inode; /* path.dentry's */
    uint32_t references;
    uint32_t flags; /* O_*; the lower half of it changes by fcntl */
    struct mutex position_lock;
    uint64_t position;
    void *data;
    int32_t owner, owner_signal;    /* F_SETOWN: a process, or negated a group; F_SETSIG */
    struct vm_origin *origin;       /* fs/origin.h: who maps it has it, too; NULL: nobody has mapped it */
    struct epoll_items *poll_items; /* fs/epoll.c: who has it in an epoll set; NULL: nobody */
};

/* What holds now, of POLL*; TABLE as for file_ops.poll. */
static inline unsigned file_poll(struct file *file, struct poll_table *table)
{
    return file->ops->poll ? file->ops->poll(file, table) : POLL_ALWAYS;
}

struct superblock {
    const struct filesystem *type;
    uint64_t device; /* the minor number of st_dev, of which the major one is 0 */
    struct dentry *root;
    uint32_t references;
    uint32_t flags; /* MS_RDONLY, ... */
    uint64_t next_inode;
    void *data;
};

/* What statfs tells. */
struct superblock_report {
    uint64_t type;                                     /* <linux/magic.h> */
    uint64_t blocks, blocks_free, inodes, inodes_free; /* of PAGE_SIZE bytes, unless block_size says otherwise */
    uint64_t block_size;                               /* 0: PAGE_SIZE */
};

struct filesystem {
    const char *name;
    /* OPTIONS is mount's text. Makes super->root. */
    int (*mount)(struct superblock *super, const char *source, const char *options);
    void (*unmount)(struct superblock *super);
    void (*report)(struct superblock *super, struct superblock_report *report); /* NULL: there is nothing to tell */
    int (*remount)(struct superblock *super, const char *options);     /* other options; NULL: they are ignored */
    void (*show_options)(struct superblock *super, struct text *text); /* ",size=4k"; NULL: none */
    /* Extended attributes take BYTES more, or less: 0 or -ENOSPC. Any context that may hold an inode's lock. NULL:
     * files have none. */
    int (*charge_xattrs)(struct superblock *super, int64_t bytes);
    bool has_flags;    /* FS_IOC_GETFLAGS tells of its directories */
    bool needs_device; /* /proc/filesystems says "nodev" of the others */
    bool single;       /* all mounts show the same superblock */
};

/* Mount finds it by its name; for good. And by name; NULL: there is none. And one after another, NULL begins. */
void filesystem_register(const struct filesystem *type);
const struct filesystem *filesystem_find(const char *name);
const struct filesystem *filesystem_next(const struct filesystem *type);

/* ------------------------------------------------------------------------------------------------------------------
 * Names (fs/path.c)
 */

/* Where a walk begins and what it may do: the task's. */
struct walk {
    struct path root;  /* "/" */
    struct path start; /* of a relative path: the working directory, or a directory's descriptor */
    const struct credentials *credentials;
    unsigned flags; /* WALK_* */
};
#define WALK_NO_FOLLOW (1u << 0) /* the last component, if it is a symbolic link, is the result */
#define WALK_DIRECTORY (1u << 1) /* the result must be a directory */
#define WALK_EMPTY (1u << 2)     /* "" means the start */
/* openat2's: */
#define WALK_NO_CROSSING (1u << 3) /* -EXDEV where another mount begins */
#define WALK_NO_LINKS (1u << 4)    /* -ELOOP at a symbolic link */
#define WALK_NO_JUMPS (1u << 5)    /* -ELOOP at a link of /proc's that leads to an object */
#define WALK_BENEATH (1u << 6)     /* -EXDEV where it would leave the start: nothing above it, nothing absolute */

/* Resolves NAME (NUL-terminated). *path gets references of its own. */
int path_walk(const struct walk *walk, const char *name, struct path *path);

/*
 * The same, but a last component that is not there, or what a link there leads to if that is not, is made: a regular
 * file. EXCLUSIVE: -EEXIST when it is there. -EISDIR when a slash follows.
 */
struct path_creation {
    uint32_t mode;
    bool exclusive;
    bool created; /* afterwards: by this call */
};
int path_walk_create(const struct walk *walk, const char *name, struct path_creation *creation, struct path *path);

/*
 * Resolves all but the last component: *parent, and the component in *last (within NAME; no slashes, *trailing: there
 * was one after it). For those that make and remove names. "." and ".." and "/" come out as such: callers refuse them.
 */
int path_walk_parent(
    const struct walk *walk, const char *name, struct path *parent, const char **last, size_t *length, bool *trailing);
void path_get(const struct path *path);
void path_put(const struct path *path);

/* The entry of that name in a directory, from the cache or the file system: with a reference, perhaps negative. */
int path_lookup(const struct path *directory, const char *name, size_t length, struct dentry **found);
int path_lookup_locked(const struct path *directory, const char *name, size_t length, struct dentry **found);

/* The absolute name of PATH as seen from ROOT, into the end of BUFFER; returns its start, or an error pointer's code
 * through *error. " (deleted)" is appended where it applies. */
char *path_name(const struct path *path, const struct path *root, char *buffer, size_t size, int *error);

/* Does a name from ROOT lead to it at all? Else path_name tells the name within its mount, or from the very root. */
bool path_is_reachable(const struct path *path, const struct path *root);

/* ------------------------------------------------------------------------------------------------------------------
 * Files (fs/file.c)
 */

/* Opens or creates as open(2); error through *error. (fs/open.c) */
struct file *file_open(const struct walk *walk, const char *name, unsigned flags, uint32_t mode, int *error);

/*
 * Opens a program, to be executed and read: only a regular file, for which the caller needs the right to execute it
 * alone. -EACCES; -ETXTBSY while somebody may write to it, as nobody may from then on. WALK_EMPTY, WALK_NO_FOLLOW.
 */
struct file *file_open_program(const struct walk *walk, const char *name, int *error);

/*
 * A file without a name in any directory: a pipe's end, an epoll set. NAME is what /proc/PID/fd shows of it, "pipe:"
 * (its inode's number is added) or "anon_inode:[eventfd]". FLAGS: O_RDONLY ... and O_NONBLOCK. MODE: S_IFIFO | 0600 or
 * so. DATA becomes file->data; OPS->release frees it. NULL: no memory, and DATA is the caller's still.
 */
struct file *file_create_anonymous(
    const char *name, const struct file_ops *ops, void *data, unsigned flags, uint32_t mode);

/* Another one of the same inode, with the same operations and data: a pipe's other end. NULL: no memory. */
struct file *file_create_beside(const struct file *file, unsigned flags);
void file_get(struct file *file);
void file_put(struct file *file);
long file_read(struct file *file, struct iov *to, uint64_t *position);
long file_write(struct file *file, struct iov *from, uint64_t *position);

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define SEEK_DATA 3
#define SEEK_HOLE 4
#define SEEK_MAX SEEK_HOLE
long file_seek(struct file *file, int64_t offset, int whence);
long file_seek_within(struct file *file, int64_t offset, int whence);  /* SEEK_SET, _CUR, _END; by the inode's size */
long file_seek_nowhere(struct file *file, int64_t offset, int whence); /* file_ops.seek of what has no position */
int file_read_directory(struct file *file, struct directory_sink *sink);
uint64_t file_count(void);
void files_init(void);

struct inode *inode_create(struct superblock *super, uint32_t mode, const struct credentials *credentials);
void inode_get(struct inode *inode);
void inode_put(struct inode *inode);

/* May the caller do that? 0 or -EACCES. */
#define INODE_EXECUTE 1u /* or search */
#define INODE_WRITE 2u
#define INODE_READ 4u
int inode_permission(const struct inode *inode, unsigned wanted, const struct credentials *credentials);

/*
 * Whoever may write to a regular file says so, while he may (an open file, a truncation), and programs that run from it
 * deny it: each keeps the other out with -ETXTBSY.
 */
int inode_begin_write(struct inode *inode);
void inode_end_write(struct inode *inode);
int inode_deny_write(struct inode *inode);
void inode_allow_write(struct inode *inode);

/* The same, and does the mount allow it? Writing: -EROFS; executing a file where there is "noexec": -EACCES. */
int path_permission(const struct path *path, unsigned wanted, const struct credentials *credentials);
uint64_t inode_count(void);
void inodes_init(void);

/* After vm_init: the caches, and the first file system, an empty tmpfs. */
void fs_init(void);

/* The root of everything, for walks of the kernel itself; the caller gets no references. */
void fs_root_walk(struct walk *walk);

#endif
