/*
 * The system calls of Linux 6.1: one row each, in the order of their numbers. The dispatcher (syscall.c), the tracer
 * (trace.c) and the prototypes of the handlers (handlers.h) all come from this table.
 *
 *     X(number, name, "kinds of the arguments", state, "note")
 *
 * The handler of `name` is sys_name. Kinds, one letter an argument, for the tracer:
 *
 *     f descriptor   d directory's descriptor   p path   i int   l 64-bit integer (offsets)   z size   x hexadecimal
 *     o octal mode   a address   b buffer that the call reads, its length next   v strings, the last pointer NULL
 *
 * what the call fills, so that it is shown only afterwards:
 *
 *     r buffer, its size next, its length the result   s string   e two descriptors   w status of wait4
 *
 * and names, of flags or of one value (trace_names.c):
 *
 *     S signal   O flags of open   N those of pipe2   P protection   M flags of mmap   W options of wait4
 *     R mode of access   H whence   A flags of the calls in "at"   U those of unlinkat   F command of fcntl
 *     B how of sigprocmask   C clock   I request of ioctl
 *
 * States: WHOLE, PARTIAL (the note says what is missing), REFUSED (always fails as Linux may; the note says how),
 * ABSENT (there is no handler: ENOSYS, and the log says once that somebody wanted it).
 */
#ifndef CORRODE_SYSCALL_TABLE_H
#define CORRODE_SYSCALL_TABLE_H

#define SYSCALLS(X)                                                                                                    \
    X(0, read, "frz", WHOLE, "")                                                                                       \
    X(1, write, "fbz", WHOLE, "")                                                                                      \
    X(2, open, "pOo", WHOLE, "")                                                                                       \
    X(3, close, "f", WHOLE, "")                                                                                        \
    X(4, stat, "pa", WHOLE, "")                                                                                        \
    X(5, fstat, "fa", WHOLE, "")                                                                                       \
    X(6, lstat, "pa", WHOLE, "")                                                                                       \
    X(7, poll, "azi", WHOLE, "")                                                                                       \
    X(8, lseek, "flH", WHOLE, "")                                                                                      \
    X(9, mmap, "azPMfx", WHOLE, "")                                                                                    \
    X(10, mprotect, "azP", WHOLE, "")                                                                                  \
    X(11, munmap, "az", WHOLE, "")                                                                                     \
    X(12, brk, "a", WHOLE, "")                                                                                         \
    X(13, rt_sigaction, "Saaz", WHOLE, "")                                                                             \
    X(14, rt_sigprocmask, "Baaz", WHOLE, "")                                                                           \
    X(15, rt_sigreturn, "", WHOLE, "")                                                                                 \
    X(16, ioctl, "fIa", PARTIAL, "files, terminals, sockets; no FS_IOC_SETFLAGS")                                      \
    X(17, pread64, "frzl", WHOLE, "")                                                                                  \
    X(18, pwrite64, "fbzl", WHOLE, "")                                                                                 \
    X(19, readv, "fai", WHOLE, "")                                                                                     \
    X(20, writev, "fai", WHOLE, "")                                                                                    \
    X(21, access, "pR", WHOLE, "")                                                                                     \
    X(22, pipe, "e", WHOLE, "")                                                                                        \
    X(23, select, "iaaaa", WHOLE, "")                                                                                  \
    X(24, sched_yield, "", WHOLE, "")                                                                                  \
    X(25, mremap, "azzxa", WHOLE, "")                                                                                  \
    X(26, msync, "azx", WHOLE, "")                                                                                     \
    X(27, mincore, "aza", WHOLE, "")                                                                                   \
    X(28, madvise, "azi", PARTIAL, "no MADV_REMOVE, MADV_COLLAPSE, MADV_HWPOISON")                                     \
    X(29, shmget, "izx", PARTIAL, "no huge pages")                                                                     \
    X(30, shmat, "iax", WHOLE, "")                                                                                     \
    X(31, shmctl, "iia", WHOLE, "")                                                                                    \
    X(32, dup, "f", WHOLE, "")                                                                                         \
    X(33, dup2, "fi", WHOLE, "")                                                                                       \
    X(34, pause, "", WHOLE, "")                                                                                        \
    X(35, nanosleep, "aa", WHOLE, "")                                                                                  \
    X(36, getitimer, "ia", WHOLE, "")                                                                                  \
    X(37, alarm, "i", WHOLE, "")                                                                                       \
    X(38, setitimer, "iaa", WHOLE, "")                                                                                 \
    X(39, getpid, "", WHOLE, "")                                                                                       \
    X(40, sendfile, "ffaz", WHOLE, "")                                                                                 \
    X(41, socket, "iix", PARTIAL, "AF_UNIX")                                                                           \
    X(42, connect, "faz", PARTIAL, "AF_UNIX")                                                                          \
    X(43, accept, "faa", WHOLE, "")                                                                                    \
    X(44, sendto, "fbzxaz", WHOLE, "")                                                                                 \
    X(45, recvfrom, "frzxaa", WHOLE, "")                                                                               \
    X(46, sendmsg, "fax", WHOLE, "")                                                                                   \
    X(47, recvmsg, "fax", WHOLE, "")                                                                                   \
    X(48, shutdown, "fi", WHOLE, "")                                                                                   \
    X(49, bind, "faz", WHOLE, "")                                                                                      \
    X(50, listen, "fi", WHOLE, "")                                                                                     \
    X(51, getsockname, "faa", WHOLE, "")                                                                               \
    X(52, getpeername, "faa", WHOLE, "")                                                                               \
    X(53, socketpair, "iixe", PARTIAL, "AF_UNIX")                                                                      \
    X(54, setsockopt, "fiiaz", PARTIAL, "SOL_SOCKET's")                                                                \
    X(55, getsockopt, "fiiaa", PARTIAL, "SOL_SOCKET's")                                                                \
    X(56, clone, "xaaaa", PARTIAL, "not all kinds of namespaces; handlers are shared by threads alone")                \
    X(57, fork, "", WHOLE, "")                                                                                         \
    X(58, vfork, "", WHOLE, "")                                                                                        \
    X(59, execve, "pva", WHOLE, "")                                                                                    \
    X(60, exit, "i", WHOLE, "")                                                                                        \
    X(61, wait4, "iwWa", WHOLE, "")                                                                                    \
    X(62, kill, "iS", WHOLE, "")                                                                                       \
    X(63, uname, "a", WHOLE, "")                                                                                       \
    X(64, semget, "iix", WHOLE, "")                                                                                    \
    X(65, semop, "iaz", WHOLE, "")                                                                                     \
    X(66, semctl, "iiia", WHOLE, "")                                                                                   \
    X(67, shmdt, "a", WHOLE, "")                                                                                       \
    X(68, msgget, "ix", WHOLE, "")                                                                                     \
    X(69, msgsnd, "iazx", WHOLE, "")                                                                                   \
    X(70, msgrcv, "iazix", WHOLE, "")                                                                                  \
    X(71, msgctl, "iia", WHOLE, "")                                                                                    \
    X(72, fcntl, "fFx", PARTIAL, "leases are refused, no F_NOTIFY; nobody gets SIGIO")                                 \
    X(73, flock, "fi", WHOLE, "")                                                                                      \
    X(74, fsync, "f", WHOLE, "")                                                                                       \
    X(75, fdatasync, "f", WHOLE, "")                                                                                   \
    X(76, truncate, "pl", WHOLE, "")                                                                                   \
    X(77, ftruncate, "fl", WHOLE, "")                                                                                  \
    X(78, getdents, "faz", WHOLE, "")                                                                                  \
    X(79, getcwd, "sz", WHOLE, "")                                                                                     \
    X(80, chdir, "p", WHOLE, "")                                                                                       \
    X(81, fchdir, "f", WHOLE, "")                                                                                      \
    X(82, rename, "pp", WHOLE, "")                                                                                     \
    X(83, mkdir, "po", WHOLE, "")                                                                                      \
    X(84, rmdir, "p", WHOLE, "")                                                                                       \
    X(85, creat, "po", WHOLE, "")                                                                                      \
    X(86, link, "pp", WHOLE, "")                                                                                       \
    X(87, unlink, "p", WHOLE, "")                                                                                      \
    X(88, symlink, "pp", WHOLE, "")                                                                                    \
    X(89, readlink, "prz", WHOLE, "")                                                                                  \
    X(90, chmod, "po", WHOLE, "")                                                                                      \
    X(91, fchmod, "fo", WHOLE, "")                                                                                     \
    X(92, chown, "pii", WHOLE, "")                                                                                     \
    X(93, fchown, "fii", WHOLE, "")                                                                                    \
    X(94, lchown, "pii", WHOLE, "")                                                                                    \
    X(95, umask, "o", WHOLE, "")                                                                                       \
    X(96, gettimeofday, "aa", WHOLE, "")                                                                               \
    X(97, getrlimit, "ia", WHOLE, "")                                                                                  \
    X(98, getrusage, "ia", WHOLE, "")                                                                                  \
    X(99, sysinfo, "a", WHOLE, "")                                                                                     \
    X(100, times, "a", WHOLE, "")                                                                                      \
    X(101, ptrace, "iiaa", ABSENT, "")                                                                                 \
    X(102, getuid, "", WHOLE, "")                                                                                      \
    X(103, syslog, "iri", WHOLE, "")                                                                                   \
    X(104, getgid, "", WHOLE, "")                                                                                      \
    X(105, setuid, "i", WHOLE, "")                                                                                     \
    X(106, setgid, "i", WHOLE, "")                                                                                     \
    X(107, geteuid, "", WHOLE, "")                                                                                     \
    X(108, getegid, "", WHOLE, "")                                                                                     \
    X(109, setpgid, "ii", WHOLE, "")                                                                                   \
    X(110, getppid, "", WHOLE, "")                                                                                     \
    X(111, getpgrp, "", WHOLE, "")                                                                                     \
    X(112, setsid, "", WHOLE, "")                                                                                      \
    X(113, setreuid, "ii", WHOLE, "")                                                                                  \
    X(114, setregid, "ii", WHOLE, "")                                                                                  \
    X(115, getgroups, "ia", WHOLE, "")                                                                                 \
    X(116, setgroups, "ia", WHOLE, "")                                                                                 \
    X(117, setresuid, "iii", WHOLE, "")                                                                                \
    X(118, getresuid, "aaa", WHOLE, "")                                                                                \
    X(119, setresgid, "iii", WHOLE, "")                                                                                \
    X(120, getresgid, "aaa", WHOLE, "")                                                                                \
    X(121, getpgid, "i", WHOLE, "")                                                                                    \
    X(122, setfsuid, "i", WHOLE, "")                                                                                   \
    X(123, setfsgid, "i", WHOLE, "")                                                                                   \
    X(124, getsid, "i", WHOLE, "")                                                                                     \
    X(125, capget, "aa", WHOLE, "")                                                                                    \
    X(126, capset, "aa", WHOLE, "")                                                                                    \
    X(127, rt_sigpending, "az", WHOLE, "")                                                                             \
    X(128, rt_sigtimedwait, "aaaz", WHOLE, "")                                                                         \
    X(129, rt_sigqueueinfo, "iSa", WHOLE, "")                                                                          \
    X(130, rt_sigsuspend, "az", WHOLE, "")                                                                             \
    X(131, sigaltstack, "aa", WHOLE, "")                                                                               \
    X(132, utime, "pa", WHOLE, "")                                                                                     \
    X(133, mknod, "pox", WHOLE, "")                                                                                    \
    X(134, uselib, "xxxxxx", ABSENT, "")                                                                               \
    X(135, personality, "x", PARTIAL, "ADDR_NO_RANDOMIZE; the others are remembered")                                  \
    X(136, ustat, "xa", WHOLE, "")                                                                                     \
    X(137, statfs, "pa", WHOLE, "")                                                                                    \
    X(138, fstatfs, "fa", WHOLE, "")                                                                                   \
    X(139, sysfs, "xxxxxx", ABSENT, "")                                                                                \
    X(140, getpriority, "ii", WHOLE, "")                                                                               \
    X(141, setpriority, "iii", WHOLE, "")                                                                              \
    X(142, sched_setparam, "ia", PARTIAL, "no real-time policies")                                                     \
    X(143, sched_getparam, "ia", WHOLE, "")                                                                            \
    X(144, sched_setscheduler, "iia", PARTIAL, "no real-time policies")                                                \
    X(145, sched_getscheduler, "i", WHOLE, "")                                                                         \
    X(146, sched_get_priority_max, "i", WHOLE, "")                                                                     \
    X(147, sched_get_priority_min, "i", WHOLE, "")                                                                     \
    X(148, sched_rr_get_interval, "ia", WHOLE, "")                                                                     \
    X(149, mlock, "az", WHOLE, "")                                                                                     \
    X(150, munlock, "az", WHOLE, "")                                                                                   \
    X(151, mlockall, "x", WHOLE, "")                                                                                   \
    X(152, munlockall, "", WHOLE, "")                                                                                  \
    X(153, vhangup, "", ABSENT, "")                                                                                    \
    X(154, modify_ldt, "xxxxxx", ABSENT, "")                                                                           \
    X(155, pivot_root, "pp", PARTIAL, "the root and working directory of other processes stay")                        \
    X(156, _sysctl, "xxxxxx", ABSENT, "")                                                                              \
    X(157, prctl, "ixxxx", PARTIAL, "names, death signal, rights, dumpable, subreaper, timer slack")                   \
    X(158, arch_prctl, "xa", PARTIAL, "FS and GS base")                                                                \
    X(159, adjtimex, "a", PARTIAL, "reads; changes are EPERM")                                                         \
    X(160, setrlimit, "ia", WHOLE, "")                                                                                 \
    X(161, chroot, "p", WHOLE, "")                                                                                     \
    X(162, sync, "", WHOLE, "")                                                                                        \
    X(163, acct, "p", ABSENT, "")                                                                                      \
    X(164, settimeofday, "aa", WHOLE, "")                                                                              \
    X(165, mount, "pppxa", PARTIAL, "no propagation between mounts")                                                   \
    X(166, umount2, "px", WHOLE, "")                                                                                   \
    X(167, swapon, "px", ABSENT, "")                                                                                   \
    X(168, swapoff, "p", ABSENT, "")                                                                                   \
    X(169, reboot, "xxxa", WHOLE, "")                                                                                  \
    X(170, sethostname, "az", WHOLE, "")                                                                               \
    X(171, setdomainname, "az", WHOLE, "")                                                                             \
    X(172, iopl, "i", ABSENT, "")                                                                                      \
    X(173, ioperm, "zzi", ABSENT, "")                                                                                  \
    X(174, create_module, "xxxxxx", ABSENT, "")                                                                        \
    X(175, init_module, "xxxxxx", ABSENT, "")                                                                          \
    X(176, delete_module, "xxxxxx", ABSENT, "")                                                                        \
    X(177, get_kernel_syms, "xxxxxx", ABSENT, "")                                                                      \
    X(178, query_module, "xxxxxx", ABSENT, "")                                                                         \
    X(179, quotactl, "xxxxxx", ABSENT, "")                                                                             \
    X(180, nfsservctl, "xxxxxx", ABSENT, "")                                                                           \
    X(181, getpmsg, "xxxxxx", ABSENT, "")                                                                              \
    X(182, putpmsg, "xxxxxx", ABSENT, "")                                                                              \
    X(183, afs_syscall, "xxxxxx", ABSENT, "")                                                                          \
    X(184, tuxcall, "xxxxxx", ABSENT, "")                                                                              \
    X(185, security, "xxxxxx", ABSENT, "")                                                                             \
    X(186, gettid, "", WHOLE, "")                                                                                      \
    X(187, readahead, "flz", WHOLE, "")                                                                                \
    X(188, setxattr, "ppbzx", PARTIAL, "no ACLs; file capabilities mean nothing")                                      \
    X(189, lsetxattr, "ppbzx", PARTIAL, "no ACLs; file capabilities mean nothing")                                     \
    X(190, fsetxattr, "fpbzx", PARTIAL, "no ACLs; file capabilities mean nothing")                                     \
    X(191, getxattr, "pprz", PARTIAL, "no ACLs")                                                                       \
    X(192, lgetxattr, "pprz", PARTIAL, "no ACLs")                                                                      \
    X(193, fgetxattr, "fprz", PARTIAL, "no ACLs")                                                                      \
    X(194, listxattr, "prz", WHOLE, "")                                                                                \
    X(195, llistxattr, "prz", WHOLE, "")                                                                               \
    X(196, flistxattr, "frz", WHOLE, "")                                                                               \
    X(197, removexattr, "pp", PARTIAL, "no ACLs")                                                                      \
    X(198, lremovexattr, "pp", PARTIAL, "no ACLs")                                                                     \
    X(199, fremovexattr, "fp", PARTIAL, "no ACLs")                                                                     \
    X(200, tkill, "iS", WHOLE, "")                                                                                     \
    X(201, time, "a", WHOLE, "")                                                                                       \
    X(202, futex, "aixaax", PARTIAL, "no FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI")                                 \
    X(203, sched_setaffinity, "iza", WHOLE, "")                                                                        \
    X(204, sched_getaffinity, "iza", WHOLE, "")                                                                        \
    X(205, set_thread_area, "xxxxxx", ABSENT, "")                                                                      \
    X(206, io_setup, "xxxxxx", ABSENT, "")                                                                             \
    X(207, io_destroy, "xxxxxx", ABSENT, "")                                                                           \
    X(208, io_getevents, "xxxxxx", ABSENT, "")                                                                         \
    X(209, io_submit, "xxxxxx", ABSENT, "")                                                                            \
    X(210, io_cancel, "xxxxxx", ABSENT, "")                                                                            \
    X(211, get_thread_area, "xxxxxx", ABSENT, "")                                                                      \
    X(212, lookup_dcookie, "xxxxxx", ABSENT, "")                                                                       \
    X(213, epoll_create, "i", WHOLE, "")                                                                               \
    X(214, epoll_ctl_old, "xxxxxx", ABSENT, "")                                                                        \
    X(215, epoll_wait_old, "xxxxxx", ABSENT, "")                                                                       \
    X(216, remap_file_pages, "xxxxxx", ABSENT, "")                                                                     \
    X(217, getdents64, "faz", WHOLE, "")                                                                               \
    X(218, set_tid_address, "a", WHOLE, "")                                                                            \
    X(219, restart_syscall, "", WHOLE, "")                                                                             \
    X(220, semtimedop, "iaza", WHOLE, "")                                                                              \
    X(221, fadvise64, "flli", WHOLE, "")                                                                               \
    X(222, timer_create, "Caa", WHOLE, "")                                                                             \
    X(223, timer_settime, "ixaa", WHOLE, "")                                                                           \
    X(224, timer_gettime, "ia", WHOLE, "")                                                                             \
    X(225, timer_getoverrun, "i", WHOLE, "")                                                                           \
    X(226, timer_delete, "i", WHOLE, "")                                                                               \
    X(227, clock_settime, "Ca", WHOLE, "")                                                                             \
    X(228, clock_gettime, "Ca", WHOLE, "")                                                                             \
    X(229, clock_getres, "Ca", WHOLE, "")                                                                              \
    X(230, clock_nanosleep, "Cxaa", WHOLE, "")                                                                         \
    X(231, exit_group, "i", WHOLE, "")                                                                                 \
    X(232, epoll_wait, "faii", WHOLE, "")                                                                              \
    X(233, epoll_ctl, "fifa", PARTIAL, "EPOLLWAKEUP means nothing")                                                    \
    X(234, tgkill, "iiS", WHOLE, "")                                                                                   \
    X(235, utimes, "pa", WHOLE, "")                                                                                    \
    X(236, vserver, "xxxxxx", ABSENT, "")                                                                              \
    X(237, mbind, "xxxxxx", ABSENT, "")                                                                                \
    X(238, set_mempolicy, "xxxxxx", ABSENT, "")                                                                        \
    X(239, get_mempolicy, "xxxxxx", ABSENT, "")                                                                        \
    X(240, mq_open, "xxxxxx", ABSENT, "")                                                                              \
    X(241, mq_unlink, "xxxxxx", ABSENT, "")                                                                            \
    X(242, mq_timedsend, "xxxxxx", ABSENT, "")                                                                         \
    X(243, mq_timedreceive, "xxxxxx", ABSENT, "")                                                                      \
    X(244, mq_notify, "xxxxxx", ABSENT, "")                                                                            \
    X(245, mq_getsetattr, "xxxxxx", ABSENT, "")                                                                        \
    X(246, kexec_load, "xxxxxx", ABSENT, "")                                                                           \
    X(247, waitid, "iiaWa", WHOLE, "")                                                                                 \
    X(248, add_key, "xxxxxx", ABSENT, "")                                                                              \
    X(249, request_key, "xxxxxx", ABSENT, "")                                                                          \
    X(250, keyctl, "xxxxxx", ABSENT, "")                                                                               \
    X(251, ioprio_set, "iii", PARTIAL, "remembered")                                                                   \
    X(252, ioprio_get, "ii", WHOLE, "")                                                                                \
    X(253, inotify_init, "", WHOLE, "")                                                                                \
    X(254, inotify_add_watch, "fpx", WHOLE, "")                                                                        \
    X(255, inotify_rm_watch, "fi", WHOLE, "")                                                                          \
    X(256, migrate_pages, "xxxxxx", ABSENT, "")                                                                        \
    X(257, openat, "dpOo", WHOLE, "")                                                                                  \
    X(258, mkdirat, "dpo", WHOLE, "")                                                                                  \
    X(259, mknodat, "dpox", WHOLE, "")                                                                                 \
    X(260, fchownat, "dpiiA", WHOLE, "")                                                                               \
    X(261, futimesat, "dpa", WHOLE, "")                                                                                \
    X(262, newfstatat, "dpaA", WHOLE, "")                                                                              \
    X(263, unlinkat, "dpU", WHOLE, "")                                                                                 \
    X(264, renameat, "dpdp", WHOLE, "")                                                                                \
    X(265, linkat, "dpdpA", WHOLE, "")                                                                                 \
    X(266, symlinkat, "pdp", WHOLE, "")                                                                                \
    X(267, readlinkat, "dprz", WHOLE, "")                                                                              \
    X(268, fchmodat, "dpo", WHOLE, "")                                                                                 \
    X(269, faccessat, "dpR", WHOLE, "")                                                                                \
    X(270, pselect6, "iaaaaa", WHOLE, "")                                                                              \
    X(271, ppoll, "aiaaz", WHOLE, "")                                                                                  \
    X(272, unshare, "x", PARTIAL, "no namespaces of users, networks, cgroups, times")                                  \
    X(273, set_robust_list, "az", WHOLE, "")                                                                           \
    X(274, get_robust_list, "iaa", WHOLE, "")                                                                          \
    X(275, splice, "fafazx", WHOLE, "")                                                                                \
    X(276, tee, "ffzx", WHOLE, "")                                                                                     \
    X(277, sync_file_range, "fllx", WHOLE, "")                                                                         \
    X(278, vmsplice, "faix", PARTIAL, "copies")                                                                        \
    X(279, move_pages, "xxxxxx", ABSENT, "")                                                                           \
    X(280, utimensat, "dpaA", WHOLE, "")                                                                               \
    X(281, epoll_pwait, "faiiaz", WHOLE, "")                                                                           \
    X(282, signalfd, "faz", WHOLE, "")                                                                                 \
    X(283, timerfd_create, "CN", WHOLE, "")                                                                            \
    X(284, eventfd, "i", WHOLE, "")                                                                                    \
    X(285, fallocate, "fxll", WHOLE, "")                                                                               \
    X(286, timerfd_settime, "fxaa", PARTIAL, "does not follow the time of day when that is set")                       \
    X(287, timerfd_gettime, "fa", WHOLE, "")                                                                           \
    X(288, accept4, "faaN", WHOLE, "")                                                                                 \
    X(289, signalfd4, "fazN", WHOLE, "")                                                                               \
    X(290, eventfd2, "iN", WHOLE, "")                                                                                  \
    X(291, epoll_create1, "N", WHOLE, "")                                                                              \
    X(292, dup3, "ffN", WHOLE, "")                                                                                     \
    X(293, pipe2, "eN", PARTIAL, "no O_NOTIFICATION_PIPE")                                                             \
    X(294, inotify_init1, "N", WHOLE, "")                                                                              \
    X(295, preadv, "fail", WHOLE, "")                                                                                  \
    X(296, pwritev, "fail", WHOLE, "")                                                                                 \
    X(297, rt_tgsigqueueinfo, "iiSa", WHOLE, "")                                                                       \
    X(298, perf_event_open, "xxxxxx", ABSENT, "")                                                                      \
    X(299, recvmmsg, "xxxxxx", ABSENT, "")                                                                             \
    X(300, fanotify_init, "xxxxxx", ABSENT, "")                                                                        \
    X(301, fanotify_mark, "xxxxxx", ABSENT, "")                                                                        \
    X(302, prlimit64, "iiaa", PARTIAL, "RSS, MSGQUEUE, RTTIME and CORE are remembered")                                \
    X(303, name_to_handle_at, "xxxxxx", ABSENT, "")                                                                    \
    X(304, open_by_handle_at, "xxxxxx", ABSENT, "")                                                                    \
    X(305, clock_adjtime, "Ca", PARTIAL, "reads; changes are EPERM")                                                   \
    X(306, syncfs, "f", WHOLE, "")                                                                                     \
    X(307, sendmmsg, "fazx", WHOLE, "")                                                                                \
    X(308, setns, "fx", PARTIAL, "no namespaces of users, networks, cgroups, times")                                   \
    X(309, getcpu, "aaa", WHOLE, "")                                                                                   \
    X(310, process_vm_readv, "iazazx", WHOLE, "")                                                                      \
    X(311, process_vm_writev, "iazazx", WHOLE, "")                                                                     \
    X(312, kcmp, "iiiff", PARTIAL, "no KCMP_EPOLL_TFD")                                                                \
    X(313, finit_module, "xxxxxx", ABSENT, "")                                                                         \
    X(314, sched_setattr, "iax", PARTIAL, "no real-time policies, no deadlines")                                       \
    X(315, sched_getattr, "iazx", WHOLE, "")                                                                           \
    X(316, renameat2, "dpdpx", PARTIAL, "no RENAME_WHITEOUT")                                                          \
    X(317, seccomp, "xxa", ABSENT, "")                                                                                 \
    X(318, getrandom, "rzx", WHOLE, "")                                                                                \
    X(319, memfd_create, "px", PARTIAL, "no MFD_HUGETLB")                                                              \
    X(320, kexec_file_load, "xxxxxx", ABSENT, "")                                                                      \
    X(321, bpf, "xxxxxx", ABSENT, "")                                                                                  \
    X(322, execveat, "dpvaA", WHOLE, "")                                                                               \
    X(323, userfaultfd, "xxxxxx", ABSENT, "")                                                                          \
    X(324, membarrier, "ixi", PARTIAL, "no restartable sequences")                                                     \
    X(325, mlock2, "azx", WHOLE, "")                                                                                   \
    X(326, copy_file_range, "fafazx", WHOLE, "")                                                                       \
    X(327, preadv2, "failix", PARTIAL, "RWF_NOWAIT is refused by all files, as tmpfs does")                            \
    X(328, pwritev2, "failix", PARTIAL, "RWF_NOWAIT is refused by all files, as tmpfs does")                           \
    X(329, pkey_mprotect, "azPi", PARTIAL, "there are no keys: only -1")                                               \
    X(330, pkey_alloc, "xx", REFUSED, "ENOSPC")                                                                        \
    X(331, pkey_free, "i", REFUSED, "EINVAL")                                                                          \
    X(332, statx, "dpAxa", WHOLE, "")                                                                                  \
    X(333, io_pgetevents, "xxxxxx", ABSENT, "")                                                                        \
    X(334, rseq, "azxx", REFUSED, "ENOSYS")                                                                            \
    X(424, pidfd_send_signal, "fSax", PARTIAL, "not by a directory of /proc")                                          \
    X(425, io_uring_setup, "xxxxxx", ABSENT, "")                                                                       \
    X(426, io_uring_enter, "xxxxxx", ABSENT, "")                                                                       \
    X(427, io_uring_register, "xxxxxx", ABSENT, "")                                                                    \
    X(428, open_tree, "xxxxxx", ABSENT, "")                                                                            \
    X(429, move_mount, "xxxxxx", ABSENT, "")                                                                           \
    X(430, fsopen, "xxxxxx", ABSENT, "")                                                                               \
    X(431, fsconfig, "xxxxxx", ABSENT, "")                                                                             \
    X(432, fsmount, "xxxxxx", ABSENT, "")                                                                              \
    X(433, fspick, "xxxxxx", ABSENT, "")                                                                               \
    X(434, pidfd_open, "ix", WHOLE, "")                                                                                \
    X(435, clone3, "az", PARTIAL, "as clone")                                                                          \
    X(436, close_range, "iix", WHOLE, "")                                                                              \
    X(437, openat2, "dpaz", WHOLE, "")                                                                                 \
    X(438, pidfd_getfd, "ffx", WHOLE, "")                                                                              \
    X(439, faccessat2, "dpRA", WHOLE, "")                                                                              \
    X(440, process_madvise, "xxxxxx", ABSENT, "")                                                                      \
    X(441, epoll_pwait2, "faiaaz", WHOLE, "")                                                                          \
    X(442, mount_setattr, "xxxxxx", ABSENT, "")                                                                        \
    X(443, quotactl_fd, "xxxxxx", ABSENT, "")                                                                          \
    X(444, landlock_create_ruleset, "xxxxxx", ABSENT, "")                                                              \
    X(445, landlock_add_rule, "xxxxxx", ABSENT, "")                                                                    \
    X(446, landlock_restrict_self, "xxxxxx", ABSENT, "")                                                               \
    X(447, memfd_secret, "xxxxxx", ABSENT, "")                                                                         \
    X(448, process_mrelease, "xxxxxx", ABSENT, "")                                                                     \
    X(449, futex_waitv, "xxxxxx", ABSENT, "")                                                                          \
    X(450, set_mempolicy_home_node, "xxxxxx", ABSENT, "")

#endif
