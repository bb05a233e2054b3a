/*
 * The order of the kernel's locks: one table. A lock is taken only while every lock held already has a lower rank, so
 * no circle of waiting can close. docs/locking.md explains it; debug builds check it (debug/lock_order.h). Two locks of
 * one rank are never held together, but for a second lock of the same kind that its subsystem orders itself (by
 * address, say) and takes with spin_lock_nested.
 *
 * Sleeping locks come first: a thread that holds a spin lock must not sleep.
 */
#ifndef CORRODE_LIB_LOCK_RANK_H
#define CORRODE_LIB_LOCK_RANK_H

/* X(rank number, NAME, where, what it guards) */
#define LOCK_RANKS(X)                                                                                                  \
    X(0, UNRANKED, "", "not checked: only for locks of the kit and of tests")                                          \
    /* Sleeping locks */                                                                                               \
    X(6, EPOLL_NESTING, "kernel/fs/epoll.c", "sleeping: which epoll sets contain which")                               \
    X(7, EPOLL, "kernel/fs/epoll.c", "sleeping: the members of an epoll set; several, from the outer to the inner")    \
    X(8, FILE_LOCKS, "kernel/fs/lock.c", "sleeping: locks on files, and who waits for them")                           \
    X(9, UNIX, "kernel/net/unix.c", "sleeping: AF_UNIX sockets: names, connections, files on their way")               \
    X(10, SUBSYSTEM, "anywhere", "a subsystem's sleeping lock; holds other locks below")                               \
    X(11, POSITION, "kernel/fs/file.c", "sleeping: the position of an open file")                                      \
    X(12, RENAME, "kernel/fs/names.c", "sleeping: moving directories in the tree of names")                            \
    X(13, TTY_SETTINGS, "kernel/tty/tty.h", "sleeping: settings of a terminal; whose it is; making one")               \
    X(14, DIRECTORY, "kernel/fs/inode.c", "sleeping: the names in a directory; several by ancestry")                   \
    X(15, PIPE, "kernel/fs/pipe.c", "sleeping: the bytes in a pipe, and who has it open")                              \
    X(16, FILE, "kernel/fs/inode.c", "sleeping: the size and attributes of a file")                                    \
    X(18, UNIX_QUEUE, "kernel/net/unix_message.c", "sleeping: what waits at one AF_UNIX socket")                       \
    X(20, SPACE, "kernel/vm/vm.c", "sleeping: the areas of an address space")                                          \
    X(22, IPC, "kernel/ipc/table.c", "sleeping: all System V IPC objects of a kind")                                   \
    X(25, CACHE, "kernel/fs/cache.c", "sleeping: bringing pages of a file in, taking them out")                        \
    X(30, WORK, "kernel/sched/work.c", "sleeping: a work queue's set-up")                                              \
    X(35, SHORTAGE, "kernel/vm/shortage.c", "sleeping: looking for somebody to end when memory runs out")              \
    /* Spin locks */                                                                                                   \
    X(100, DEVICE, "kernel/drivers", "a device's state and registers")                                                 \
    X(101, PTYS, "kernel/tty/pty.c", "which numbers pseudo-terminals have")                                            \
    X(102, TTY, "kernel/tty/tty.h", "all else about a line discipline: its rings, what is done with bytes")            \
    X(103, PORT, "kernel/drivers/virtio/virtio_console.c",                                                             \
        "the queues and buffers of a virtio console's port, or its control")                                           \
    X(105, PCI_CONFIG, "kernel/drivers/pci/config.c", "the two ports of configuration space")                          \
    X(110, TERMINAL, "kernel/tty/terminal.c", "a terminal's input")                                                    \
    X(115, DESCRIPTORS, "kernel/proc/files.c", "the open files of a process, by descriptor")                           \
    X(116, PROCESSES, "kernel/proc/process.c", "numbers, parents, children, groups, sessions, and who has ended")      \
    X(117, SIGNALS, "kernel/proc/signal.c", "the pending signals, actions and timers of one process")                  \
    X(118, PARTS, "kernel/proc/parts.c", "the parts of one task that others look at")                                  \
    X(119, ACCOUNTS, "kernel/proc/accounts.c", "how many tasks each user has")                                         \
    X(120, TEXT, "kernel/fs/pseudo.c", "which text an open file of /proc or /sys shows")                               \
    X(121, SOCKET, "kernel/net/unix.c", "who the peer of one socket is")                                               \
    X(122, SIGNALFDS, "kernel/proc/signalfd.c", "which files which processes wait for signals by")                     \
    X(123, INTERRUPT, "kernel/arch/x86_64/interrupt.c", "vectors and their handlers; I/O APIC registers")              \
    X(124, UTS, "kernel/proc/uts.c", "the names of the system")                                                        \
    X(125, TIMERFDS, "kernel/fs/timerfd.c", "the list of timers that are files and wait for a time of day")            \
    X(126, TIMERFD, "kernel/fs/timerfd.c", "one timer that is a file")                                                 \
    X(127, WATCHES, "kernel/fs/inotify.c", "the inotify watches on one file")                                          \
    X(128, WATCHES_ALL, "kernel/fs/inotify.c", "the list of all inotify watches")                                      \
    X(129, INOTIFY, "kernel/fs/inotify.c", "one inotify instance: its watches by number, its events")                  \
    X(130, MUTEX, "kernel/sched/mutex.c", "the waiters of one sleeping lock")                                          \
    X(140, WORK_QUEUE, "kernel/sched/work.c", "the items of one work queue")                                           \
    X(144, OWNERS, "kernel/proc/futex_owner.c", "whose the locks are that tasks wait for")                             \
    X(145, FUTEX, "kernel/proc/futex.c", "the waiters of one bucket of futexes; two by address")                       \
    X(150, WAIT_QUEUE, "kernel/sched/wait.c", "the waiters of one wait queue")                                         \
    X(152, EPOLL_READY, "kernel/fs/epoll.c", "what is ready in an epoll set, and who waits for it")                    \
    X(154, EPOLL_FILE, "kernel/fs/epoll.c", "the sets that one file is in")                                            \
    X(160, THREADS, "kernel/sched/thread.c", "the list of all threads, exit and join, kept stacks")                    \
    X(170, TIMERS, "kernel/time/timer.c", "one CPU's queue of timers")                                                 \
    X(178, MOUNTS, "kernel/fs/mount.c", "the tree of mounts")                                                          \
    X(179, MOVE, "kernel/fs/dentry.c", "parents and names of all dentries, while they are read or moved")              \
    X(180, RUN_QUEUE, "kernel/sched/sched.c", "one CPU's runnable threads; never two of them at a time")               \
    X(181, DENTRY, "kernel/fs/dentry.c", "one bucket of the dentry cache")                                             \
    X(182, OBJECT, "kernel/vm/vm.c", "the areas that map an object")                                                   \
    X(184, SPACE_TABLE, "kernel/vm/pages.c", "the entries of an address space's page tables")                          \
    X(185, VMAP, "kernel/mm/vmap.c", "the tree of virtual areas, those that wait for a TLB flush")                     \
    X(190, PAGE_TABLE, "kernel/arch/x86_64/paging.c",                                                                  \
        "adding tables and splitting pages; entries that map are their range's owner's")                               \
    X(200, SLAB, "kernel/mm/slab.c", "one cache's slabs, their free objects, its depot of magazines")                  \
    X(210, PAGES, "kernel/mm/page.c",                                                                                  \
        "one zone's free blocks and their struct page; both zones only by page_check, low first")                      \
    X(230, RANDOM, "kernel/random.c", "the generator's key and pool")                                                  \
    X(235, CLOCK, "kernel/time/clock.c", "corrections of the clock's rate, its change of source")                      \
    X(250, CONSOLE, "kernel/tty/console.c", "screen, cursor, colours, serial line: one print is whole")                \
    X(251, SERIAL, "kernel/drivers/serial.c", "the serial port's registers and rings")                                 \
    X(252, SCREEN, "kernel/tty/terminal.c", "what all terminals show, and the display")                                \
    X(253, SPEAKER, "kernel/drivers/speaker.c", "the loudspeaker's ports")

#define LOCK_RANK_ENUM(number, name, where, what) LOCK_RANK_##name = number,
enum lock_rank { LOCK_RANKS(LOCK_RANK_ENUM) };

#endif
