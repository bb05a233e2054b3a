/*
 * AF_UNIX sockets: streams, datagrams and sequenced packets between processes of this machine, with names in the file
 * system or, beginning with a NUL, in a space of their own; they can carry open files.
 *
 * What is sent waits in a list of packets at the receiver. A stream's packets are pieces of it; a small one goes into
 * the last packet if there is room. A socket that listens has instead a list of sockets that wait to be accepted: they
 * are made, and connected, by connect.
 *
 * States: NEW - BOUND to a name, which is no state of its own - LISTENING, or CONNECTED to a peer - CLOSED, when its
 * file is gone; the structure lives on as long as peers refer to it. A stream keeps its peer until it is closed, so
 * that needs no lock; a datagram socket may change its own, under its lock.
 *
 * Locks: unix_lock (mutex, rank UNIX) guards names, states, connections and files on their way; socket->lock (mutex,
 * rank UNIX_QUEUE) its packets, and what is shut down. Two of those are never held together. A program's memory is
 * touched only under the second, by receivers.
 *
 * Source: unix(7).
 */
#ifndef CORRODE_NET_UNIX_H
#define CORRODE_NET_UNIX_H

#include "net/socket.h"

#define SOCKET_BUFFER_DEFAULT 212992
#define UNIX_PATH_OFFSET 2
#define UNIX_PATH_MAX 108
#define UNIX_DATAGRAMS_MAX 11 /* that wait at one socket, as on Linux */
#define UNIX_PIECE_MAX 0x4000 /* bytes of a stream in one packet */

enum unix_state { UNIX_NEW, UNIX_LISTENING, UNIX_CONNECTED, UNIX_CLOSED };

/* A name; those who show it hold a reference. */
struct unix_name {
    uint32_t references;
    size_t length; /* of the address in bytes; with the NUL, if it is a path */
    struct socket_address address;
};

struct unix_packet {
    struct list_node link;
    size_t offset, length, room; /* read, there, and allocated */
    struct socket_files *files;  /* NULL: none */
    struct socket_user user;     /* who has sent it */
    struct unix_name *from;      /* of a datagram; NULL: the sender has none */
    char bytes[];
};

struct unix_socket {
    struct socket socket;
    uint32_t references;       /* its file's; peers'; the list's of those that wait to be accepted */
    struct list_node all;      /* in the list of all: for unix_rights.c */
    struct list_node named;    /* in the list of those with abstract names */
    struct unix_name *name;    /* NULL: none */
    struct path place;         /* of a name in the file system; dentry NULL: none */
    uint8_t state;             /* enum unix_state */
    struct spinlock peer_lock; /* rank SOCKET: who changes `peer` holds it beside unix_lock, so poll needs only this */
    struct unix_socket *peer;
    struct socket_user user, peer_user; /* of who made it listen or connected it */

    struct list pending; /* of one that listens: struct unix_socket, by `waiting` */
    struct list_node waiting;
    unsigned pending_count, backlog;
    struct list clients; /* datagram sockets whose peer it is, by the next: unix_lock */
    struct list_node as_client;
    bool starved; /* one of those has asked by poll for room in vain: it is told when there is some */

    struct mutex lock;
    struct list packets;
    size_t bytes;
    unsigned packet_count;
    unsigned with_files;        /* packets that carry some */
    bool no_reads, no_writes;   /* shutdown */
    bool peer_gone;             /* of a stream: nothing more will come */
    struct wait_queue readable; /* packets, or sockets to accept, or the end */
    struct wait_queue writable; /* for who polls: its peer has room, or is gone */
    struct wait_queue room;     /* for senders, and those who connect: here is room */

    unsigned in_flight; /* messages that carry it: unix_lock */
    bool reached;       /* unix_rights.c, with the next */
    struct list_node todo;
};

extern const struct socket_family unix_family;
extern struct mutex unix_lock;

static inline struct unix_socket *unix_of(struct socket *socket)
{
    return container_of(socket, struct unix_socket, socket);
}

static inline void unix_get(struct unix_socket *socket)
{
    __atomic_fetch_add(&socket->references, 1, __ATOMIC_RELAXED);
}
void unix_put(struct unix_socket *socket);

/* unix_name.c. ADDRESS has been checked. All under unix_lock. */
int unix_name_check(const struct socket_address *address, size_t length);
struct unix_name *unix_name_create(const struct socket_address *address, size_t length);
struct unix_name *unix_name_get(struct unix_name *name); /* NULL is allowed */
void unix_name_put(struct unix_name *name);
int unix_name_bind(struct unix_socket *socket, const struct socket_address *address, size_t length,
    const struct walk *walk, uint32_t mode);
int unix_name_bind_any(struct unix_socket *socket); /* to an abstract name that nobody has */
void unix_name_release(struct unix_socket *socket);
/* Whose name it is, with a reference; NULL and *error. TYPE: what it must be. Takes unix_lock. */
struct unix_socket *unix_name_find(
    const struct socket_address *address, size_t length, const struct walk *walk, uint16_t type, int *error);
int unix_name_tell(const struct unix_name *name, struct socket_address *address, size_t *length);

/* Has a receiver room for more? A hint, unless its lock is held. */
static inline bool unix_has_room(const struct unix_socket *to)
{
    if (to->socket.type == SOCK_DGRAM)
        return __atomic_load_n(&to->packet_count, __ATOMIC_RELAXED) < UNIX_DATAGRAMS_MAX;
    return __atomic_load_n(&to->bytes, __ATOMIC_RELAXED) < (size_t)to->socket.receive_buffer;
}

/* Tells those who have polled for room in TO that there may be some. Takes unix_lock, if there are such. */
void unix_tell_starved(struct unix_socket *to);

/* unix_message.c */
long unix_send(struct socket *socket, struct message *message);
long unix_receive(struct socket *socket, struct message *message);
void unix_packets_free(struct list *packets);

/* Calls SHOW with each socket, under unix_lock: for /proc/net/unix. */
void unix_each(void (*show)(void *context, const struct unix_socket *socket), void *context);

/* unix_rights.c: files on their way. Both under unix_lock. */
void unix_files_sent(const struct socket_files *files);
bool unix_files_are_too_many(const struct socket_files *files); /* a hint, under no lock */
void unix_files_received(const struct socket_files *files);
/* Frees messages whose sockets can be reached only through such messages. Takes unix_lock. */
void unix_collect(void);
void unix_rights_add(struct unix_socket *socket); /* under unix_lock, both */
void unix_rights_remove(struct unix_socket *socket);

#endif
