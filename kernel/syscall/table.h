/*
 * The system calls: one row each, in the order of their numbers. The dispatcher (syscall.c), the tracer (trace.c) and
 * the prototypes of the handlers (handlers.h) all come from this table.
 *
 *     X(number, name, "kinds of the arguments", state, "note")
 *
 * The handler of `name` is sys_name. Kinds, one letter an argument, for the tracer:
 *
 *     f descriptor   d directory's descriptor   p path   i int   x hexadecimal   o octal mode   z size   a address
 *     b buffer that the call reads, its length next
 *
 * States: WHOLE, PARTIAL (the note says what is missing), REFUSED (always fails as Linux may; the note says how).
 */
#ifndef CORRODE_SYSCALL_TABLE_H
#define CORRODE_SYSCALL_TABLE_H

#define SYSCALLS(X)                                                                                                    \
    X(0, read, "faz", WHOLE, "")                                                                                       \
    X(1, write, "fbz", PARTIAL, "no SIGPIPE")                                                                          \
    X(2, open, "pxo", PARTIAL, "as openat")                                                                            \
    X(3, close, "f", WHOLE, "")                                                                                        \
    X(4, stat, "pa", WHOLE, "")                                                                                        \
    X(5, fstat, "fa", WHOLE, "")                                                                                       \
    X(6, lstat, "pa", WHOLE, "")                                                                                       \
    X(8, lseek, "fii", PARTIAL, "no SEEK_DATA, SEEK_HOLE")                                                             \
    X(9, mmap, "azxxfx", PARTIAL, "no shared anonymous memory")                                                        \
    X(10, mprotect, "azx", WHOLE, "")                                                                                  \
    X(11, munmap, "az", WHOLE, "")                                                                                     \
    X(12, brk, "a", WHOLE, "")                                                                                         \
    X(13, rt_sigaction, "iaaz", PARTIAL, "remembered; no signal is delivered yet")                                     \
    X(14, rt_sigprocmask, "iaaz", PARTIAL, "remembered; no signal is delivered yet")                                   \
    X(16, ioctl, "fxa", PARTIAL, "TIOCGWINSZ")                                                                         \
    X(19, readv, "fai", WHOLE, "")                                                                                     \
    X(20, writev, "fai", PARTIAL, "no SIGPIPE")                                                                        \
    X(21, access, "po", WHOLE, "")                                                                                     \
    X(24, sched_yield, "", WHOLE, "")                                                                                  \
    X(32, dup, "f", WHOLE, "")                                                                                         \
    X(33, dup2, "fi", WHOLE, "")                                                                                       \
    X(35, nanosleep, "aa", PARTIAL, "nothing interrupts it")                                                           \
    X(39, getpid, "", WHOLE, "")                                                                                       \
    X(56, clone, "xaaaa", PARTIAL, "processes, not threads; the signal at the end is not sent")                        \
    X(57, fork, "", PARTIAL, "no SIGCHLD")                                                                             \
    X(58, vfork, "", PARTIAL, "no SIGCHLD")                                                                            \
    X(59, execve, "paa", PARTIAL, "static ELF, no scripts")                                                            \
    X(60, exit, "i", WHOLE, "")                                                                                        \
    X(61, wait4, "iaxa", PARTIAL, "no process groups; rusage is zero")                                                 \
    X(63, uname, "a", WHOLE, "")                                                                                       \
    X(72, fcntl, "fix", PARTIAL, "descriptors and F_GETFL")                                                            \
    X(79, getcwd, "az", WHOLE, "")                                                                                     \
    X(83, mkdir, "po", WHOLE, "")                                                                                      \
    X(84, rmdir, "p", WHOLE, "")                                                                                       \
    X(87, unlink, "p", WHOLE, "")                                                                                      \
    X(89, readlink, "paz", WHOLE, "")                                                                                  \
    X(102, getuid, "", WHOLE, "")                                                                                      \
    X(104, getgid, "", WHOLE, "")                                                                                      \
    X(107, geteuid, "", WHOLE, "")                                                                                     \
    X(108, getegid, "", WHOLE, "")                                                                                     \
    X(110, getppid, "", WHOLE, "")                                                                                     \
    X(158, arch_prctl, "xa", PARTIAL, "FS and GS base")                                                                \
    X(186, gettid, "", WHOLE, "")                                                                                      \
    X(218, set_tid_address, "a", PARTIAL, "no futex is woken")                                                         \
    X(228, clock_gettime, "ia", PARTIAL, "processor time is that of the thread")                                       \
    X(230, clock_nanosleep, "ixaa", PARTIAL, "nothing interrupts it")                                                  \
    X(231, exit_group, "i", WHOLE, "")                                                                                 \
    X(257, openat, "dpxo", PARTIAL, "no O_PATH, O_TMPFILE")                                                            \
    X(262, newfstatat, "dpax", WHOLE, "")                                                                              \
    X(267, readlinkat, "dpaz", WHOLE, "")                                                                              \
    X(273, set_robust_list, "az", PARTIAL, "remembered; there are no futexes")                                         \
    X(302, prlimit64, "iiaa", PARTIAL, "of the caller alone")                                                          \
    X(318, getrandom, "azx", WHOLE, "")                                                                                \
    X(334, rseq, "azxx", REFUSED, "ENOSYS")

#endif
