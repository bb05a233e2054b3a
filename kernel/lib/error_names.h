/*
 * What the error numbers of lib/errno.h are called, and what they mean, for those who tell of them: X(name, meaning),
 * in the order of their values. EOPNOTSUPP stands for ENOTSUP too. Source: errno(3), strerror(3).
 */
#ifndef CORRODE_LIB_ERROR_NAMES_H
#define CORRODE_LIB_ERROR_NAMES_H

#include "lib/errno.h"

#define ERROR_NAMES(X)                                                                                                 \
    X(EPERM, "Operation not permitted")                                                                                \
    X(ENOENT, "No such file or directory")                                                                             \
    X(ESRCH, "No such process")                                                                                        \
    X(EINTR, "Interrupted system call")                                                                                \
    X(EIO, "Input/output error")                                                                                       \
    X(ENXIO, "No such device or address")                                                                              \
    X(E2BIG, "Argument list too long")                                                                                 \
    X(ENOEXEC, "Exec format error")                                                                                    \
    X(EBADF, "Bad file descriptor")                                                                                    \
    X(ECHILD, "No child processes")                                                                                    \
    X(EAGAIN, "Resource temporarily unavailable")                                                                      \
    X(ENOMEM, "Cannot allocate memory")                                                                                \
    X(EACCES, "Permission denied")                                                                                     \
    X(EFAULT, "Bad address")                                                                                           \
    X(ENOTBLK, "Block device required")                                                                                \
    X(EBUSY, "Device or resource busy")                                                                                \
    X(EEXIST, "File exists")                                                                                           \
    X(EXDEV, "Invalid cross-device link")                                                                              \
    X(ENODEV, "No such device")                                                                                        \
    X(ENOTDIR, "Not a directory")                                                                                      \
    X(EISDIR, "Is a directory")                                                                                        \
    X(EINVAL, "Invalid argument")                                                                                      \
    X(ENFILE, "Too many open files in system")                                                                         \
    X(EMFILE, "Too many open files")                                                                                   \
    X(ENOTTY, "Inappropriate ioctl for device")                                                                        \
    X(ETXTBSY, "Text file busy")                                                                                       \
    X(EFBIG, "File too large")                                                                                         \
    X(ENOSPC, "No space left on device")                                                                               \
    X(ESPIPE, "Illegal seek")                                                                                          \
    X(EROFS, "Read-only file system")                                                                                  \
    X(EMLINK, "Too many links")                                                                                        \
    X(EPIPE, "Broken pipe")                                                                                            \
    X(EDOM, "Numerical argument out of domain")                                                                        \
    X(ERANGE, "Numerical result out of range")                                                                         \
    X(EDEADLK, "Resource deadlock avoided")                                                                            \
    X(ENAMETOOLONG, "File name too long")                                                                              \
    X(ENOLCK, "No locks available")                                                                                    \
    X(ENOSYS, "Function not implemented")                                                                              \
    X(ENOTEMPTY, "Directory not empty")                                                                                \
    X(ELOOP, "Too many levels of symbolic links")                                                                      \
    X(ENOMSG, "No message of desired type")                                                                            \
    X(EIDRM, "Identifier removed")                                                                                     \
    X(ENODATA, "No data available")                                                                                    \
    X(ETIME, "Timer expired")                                                                                          \
    X(EBADMSG, "Bad message")                                                                                          \
    X(EOVERFLOW, "Value too large for defined data type")                                                              \
    X(ELIBBAD, "Accessing a corrupted shared library")                                                                 \
    X(EUSERS, "Too many users")                                                                                        \
    X(ENOTSOCK, "Socket operation on non-socket")                                                                      \
    X(EDESTADDRREQ, "Destination address required")                                                                    \
    X(EMSGSIZE, "Message too long")                                                                                    \
    X(EPROTOTYPE, "Protocol wrong type for socket")                                                                    \
    X(ENOPROTOOPT, "Protocol not available")                                                                           \
    X(EPROTONOSUPPORT, "Protocol not supported")                                                                       \
    X(ESOCKTNOSUPPORT, "Socket type not supported")                                                                    \
    X(EOPNOTSUPP, "Operation not supported")                                                                           \
    X(EPFNOSUPPORT, "Protocol family not supported")                                                                   \
    X(EAFNOSUPPORT, "Address family not supported by protocol")                                                        \
    X(EADDRINUSE, "Address already in use")                                                                            \
    X(EADDRNOTAVAIL, "Cannot assign requested address")                                                                \
    X(ECONNABORTED, "Software caused connection abort")                                                                \
    X(ECONNRESET, "Connection reset by peer")                                                                          \
    X(ENOBUFS, "No buffer space available")                                                                            \
    X(EISCONN, "Transport endpoint is already connected")                                                              \
    X(ENOTCONN, "Transport endpoint is not connected")                                                                 \
    X(ETOOMANYREFS, "Too many references: cannot splice")                                                              \
    X(ETIMEDOUT, "Connection timed out")                                                                               \
    X(ECONNREFUSED, "Connection refused")                                                                              \
    X(EALREADY, "Operation already in progress")                                                                       \
    X(EINPROGRESS, "Operation now in progress")                                                                        \
    X(ESTALE, "Stale file handle")                                                                                     \
    X(ECANCELED, "Operation canceled")                                                                                 \
    X(EOWNERDEAD, "Owner died")                                                                                        \
    X(ENOTRECOVERABLE, "State not recoverable")

/* Those of a call that a signal has interrupted: what is made of it. */
#define RESTART_NAMES(X)                                                                                               \
    X(ERESTARTSYS, "To be restarted if SA_RESTART is set")                                                             \
    X(ERESTARTNOINTR, "To be restarted")                                                                               \
    X(ERESTARTNOHAND, "To be restarted if no handler")                                                                 \
    X(ERESTART_RESTARTBLOCK, "Interrupted by signal")

#endif
