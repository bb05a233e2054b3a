/*
 * Sockets: what all families have in common, and what a program sees of them. A family registers how its sockets are
 * made; each socket then has its operations. A socket is the `data` of one open file.
 *
 *     struct file *file = socket_create(AF_UNIX, SOCK_STREAM, 0, flags, &me, &error);
 *     struct socket *socket = socket_of(file);
 *     error = socket->ops->bind(socket, &address, &walk);
 *
 * What a socket needs to know of the process that uses it, comes along as struct socket_user and struct walk: processes
 * are a layer above.
 *
 * Source: POSIX.1-2017 2.10 (sockets); socket(2), socket(7), send(2), recv(2).
 */
#ifndef CORRODE_NET_SOCKET_H
#define CORRODE_NET_SOCKET_H

#include "fs/fs.h"
#include "lib/errno.h"

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_MAX 46

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5
#define SOCK_TYPE_MASK 0xfu
#define SOCK_NONBLOCK O_NONBLOCK
#define SOCK_CLOEXEC O_CLOEXEC

#define MSG_OOB 0x1u
#define MSG_PEEK 0x2u
#define MSG_CTRUNC 0x8u
#define MSG_TRUNC 0x20u
#define MSG_DONTWAIT 0x40u
#define MSG_EOR 0x80u
#define MSG_WAITALL 0x100u
#define MSG_NOSIGNAL 0x4000u
#define MSG_CMSG_CLOEXEC 0x40000000u
#define MSG_CMSG_COMPAT 0x80000000u /* of programs of 32 bits, which there are none of */

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

#define SOCKET_ADDRESS_MAX 128
#define SOCKET_FILES_MAX 253 /* that one message may carry */
#define SOCKET_BACKLOG_MAX 4096

/* struct sockaddr. */
struct socket_address {
    uint16_t family;
    char bytes[SOCKET_ADDRESS_MAX - 2];
};

#define SOCKET_OPTION_PEER 17 /* SO_PEERCRED: the process by the kernel's own number */

/* Who uses a socket; as SO_PEERCRED and SCM_CREDENTIALS tell it. */
struct socket_user {
    int32_t process;
    uint32_t uid, gid;
};

/* Files on their way from one process to another. */
struct socket_files {
    unsigned count;
    struct file *files[]; /* a reference each */
};

/* One send or receive. Data comes from, or goes to, `data`. */
struct message {
    struct iov *data;
    unsigned flags;                 /* MSG_*; after a receive those that it tells */
    struct socket_address *address; /* to whom, or (NULL: nobody asks) from whom */
    size_t address_length;          /* 0: none is given, or is known */
    const struct walk *walk;        /* of who sends: for addresses that are names of files */
    struct socket_files *files;     /* those that it carries: the receiver's, once sent or received; NULL: none */
    struct socket_user user;        /* who sends it; after a receive who has sent it */
    bool has_user;                  /* after a receive: SO_PASSCRED wants it told */
};

struct socket {
    const struct socket_ops *ops;
    struct file *file; /* that it is the data of; NULL: none yet, or none any more */
    uint16_t family, type, protocol;
    int error;        /* to be told once: SO_ERROR */
    bool passes_user; /* SO_PASSCRED */
    uint32_t options; /* bit n: SOL_SOCKET's option n, of those that are only remembered */
    int32_t send_buffer, receive_buffer, priority;
    uint64_t receive_timeout, send_timeout; /* nanoseconds; THREAD_FOREVER */
    int32_t linger[2];
};

/* NULL: -EOPNOTSUPP. Addresses have been read from the program, and LENGTH is at most SOCKET_ADDRESS_MAX. */
struct socket_ops {
    /* MODE: permissions of the node, if the address is a name of a file. */
    int (*bind)(struct socket *socket, const struct socket_address *address, size_t length, const struct walk *walk,
        uint32_t mode);
    int (*connect)(struct socket *socket, const struct socket_address *address, size_t length, const struct walk *walk,
        const struct socket_user *user);
    int (*pair)(struct socket *socket, struct socket *other, const struct socket_user *user);
    int (*listen)(struct socket *socket, int backlog, const struct socket_user *user);
    /* A socket without a file. */
    int (*accept)(struct socket *socket, struct socket **accepted);
    /* Its own name, or its peer's: -ENOTCONN. */
    int (*name)(struct socket *socket, bool peer, struct socket_address *address, size_t *length);
    long (*send)(struct socket *socket, struct message *message);
    long (*receive)(struct socket *socket, struct message *message);
    int (*shutdown)(struct socket *socket, int how);
    unsigned (*poll)(struct socket *socket, struct poll_table *table);
    long (*bytes)(struct socket *socket, bool unsent);                 /* FIONREAD, SIOCOUTQ */
    bool (*listens)(struct socket *socket);                            /* SO_ACCEPTCONN */
    int (*peer_user)(struct socket *socket, struct socket_user *user); /* SO_PEERCRED */
    void (*release)(struct socket *socket);                            /* its file is gone; frees it */
};

/* How sockets of one family are made. The new socket has its ops, family, type and protocol. */
struct socket_family {
    uint16_t number;
    int (*create)(uint16_t type, int protocol, struct socket **socket);
};
void socket_family_register(const struct socket_family *family);

/* FLAGS: SOCK_NONBLOCK. A file with the socket as its data; NULL and *error. */
struct file *socket_create(int family, int type, int protocol, unsigned flags, int *error);
/* A file for a socket that has none; the socket is the caller's still when there is no memory (NULL). */
struct file *socket_give_file(struct socket *socket, unsigned flags);

/* What a family fills in when it makes one. */
void socket_init(struct socket *socket, const struct socket_ops *ops, uint16_t family, uint16_t type, int protocol);

/* NULL: the file is something else. */
struct socket *socket_of(const struct file *file);

/* Is an operation of the socket's file not to wait? */
static inline bool socket_is_impatient(const struct socket *socket, unsigned message_flags)
{
    return message_flags & MSG_DONTWAIT || (socket->file && socket->file->flags & O_NONBLOCK);
}

/* When a wait that begins now is over, by SO_RCVTIMEO or SO_SNDTIMEO; and what such a wait's error means. */
static inline uint64_t socket_deadline(uint64_t timeout)
{
    uint64_t now = timeout == THREAD_FOREVER ? 0 : clock_monotonic();
    return timeout < THREAD_FOREVER - now ? now + timeout : THREAD_FOREVER;
}
static inline int socket_wait_error(uint64_t timeout, int error)
{
    if (error == -ETIMEDOUT)
        return -EAGAIN;
    return error == -ERESTARTSYS && timeout != THREAD_FOREVER ? -EINTR : error;
}

/* getsockopt and setsockopt, SOL_SOCKET's: VALUE is *SIZE bytes of kernel memory. -ENOPROTOOPT, -EINVAL. */
#define SOL_SOCKET 1
#define SOCKET_OPTION_MAX 64 /* bytes */
int socket_get_option(struct socket *socket, int option, void *value, size_t *size);
int socket_set_option(struct socket *socket, int option, const void *value, size_t size, bool privileged);

/* Gives the files of a message back that nobody has taken. NULL: none. */
void socket_files_put(struct socket_files *files);

void sockets_init(void); /* after fs_init: the families */

#endif
