/*
 * AF_UNIX sockets: their lives and connections. See unix.h.
 */
#include "net/unix.h"

#include "lib/errno.h"
#include "mm/slab.h"

struct mutex unix_lock = MUTEX_INIT(unix_lock, UNIX);

static const struct socket_ops unix_ops;

/* ------------------------------------------------------------------------------------------------------------------
 * Coming and going
 */

static struct unix_socket *make(uint16_t type)
{
    struct unix_socket *socket = kmalloc(sizeof *socket, ALLOC_ZERO);
    if (socket == NULL)
        return NULL;
    socket_init(&socket->socket, &unix_ops, AF_UNIX, type, 0);
    socket->references = 1;
    list_node_init(&socket->named);
    list_node_init(&socket->waiting);
    list_init(&socket->pending);
    list_init(&socket->clients);
    list_node_init(&socket->as_client);
    spin_lock_init(&socket->peer_lock, LOCK_RANK_SOCKET);
    mutex_init(&socket->lock, LOCK_RANK_UNIX_QUEUE);
    list_init(&socket->packets);
    wait_queue_init(&socket->readable);
    wait_queue_init(&socket->writable);
    wait_queue_init(&socket->room);
    mutex_lock(&unix_lock);
    unix_rights_add(socket);
    mutex_unlock(&unix_lock);
    return socket;
}

static int create(uint16_t type, int protocol, struct socket **socket)
{
    if (protocol != 0 && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    if (type == SOCK_RAW) /* as Linux has it */
        type = SOCK_DGRAM;
    if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
        return -ESOCKTNOSUPPORT;
    struct unix_socket *made = make(type);
    if (made)
        *socket = &made->socket;
    return made ? 0 : -ENOMEM;
}

const struct socket_family unix_family = {.number = AF_UNIX, .create = create};

void unix_put(struct unix_socket *socket)
{
    if (__atomic_sub_fetch(&socket->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    unix_name_put(socket->name);
    if (socket->place.dentry)
        path_put(&socket->place);
    kfree(socket);
}

void unix_tell_starved(struct unix_socket *to)
{
    if (!__atomic_load_n(&to->starved, __ATOMIC_SEQ_CST))
        return;
    mutex_lock(&unix_lock);
    __atomic_store_n(&to->starved, false, __ATOMIC_SEQ_CST);
    list_for_each(struct unix_socket, client, &to->clients, as_client) wait_queue_wake_all(&client->writable);
    mutex_unlock(&unix_lock);
}

/* Its peer will hear nothing more of it. UNREAD: and has sent what nobody has read. */
static void leave_peer(struct unix_socket *peer, bool unread)
{
    mutex_lock(&peer->lock);
    peer->peer_gone = true;
    mutex_unlock(&peer->lock);
    if (unread)
        peer->socket.error = ECONNRESET;
    wait_queue_wake_all(&peer->readable);
    wait_queue_wake_all(&peer->writable);
    wait_queue_wake_all(&peer->room);
}

/* Its file is gone, or was never made (ABANDONED: nor will be). The reference of that goes. */
static void close(struct unix_socket *socket, bool abandoned)
{
    struct list pending = LIST_INIT(pending), packets = LIST_INIT(packets);
    struct list_node *node;
    mutex_lock(&unix_lock);
    socket->state = UNIX_CLOSED;
    unix_name_release(socket);
    unix_rights_remove(socket);
    list_remove(&socket->as_client);
    list_splice_back(&pending, &socket->pending);
    struct unix_socket *peer = socket->peer;
    mutex_unlock(&unix_lock);

    mutex_lock(&socket->lock);
    bool unread = abandoned || !list_is_empty(&socket->packets);
    list_splice_back(&packets, &socket->packets);
    socket->bytes = socket->packet_count = socket->with_files = 0;
    socket->no_reads = true;
    mutex_unlock(&socket->lock);
    wait_queue_wake_all(&socket->room);
    unix_tell_starved(socket);
    if (peer && socket->socket.type != SOCK_DGRAM)
        leave_peer(peer, unread);
    while ((node = list_pop_front(&pending)) != NULL)
        close(container_of(node, struct unix_socket, waiting), true); /* these have no pending ones themselves */
    unix_packets_free(&packets);
    if (peer)
        unix_put(peer);
    unix_put(socket);
}

static void release(struct socket *socket)
{
    socket->file = NULL;
    close(unix_of(socket), false);
    unix_collect();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Names
 */

static int bind(
    struct socket *socket, const struct socket_address *address, size_t length, const struct walk *walk, uint32_t mode)
{
    struct unix_socket *self = unix_of(socket);
    bool any = length == UNIX_PATH_OFFSET && address->family == AF_UNIX;
    int error = any ? 0 : unix_name_check(address, length);
    if (error)
        return error;
    mutex_lock(&unix_lock);
    if (any)
        error = self->name ? 0 : unix_name_bind_any(self);
    else
        error = unix_name_bind(self, address, length, walk, mode);
    mutex_unlock(&unix_lock);
    return error;
}

static int name(struct socket *socket, bool peer, struct socket_address *address, size_t *length)
{
    struct unix_socket *self = unix_of(socket);
    mutex_lock(&unix_lock);
    const struct unix_socket *whose = peer ? self->peer : self;
    int error = whose ? unix_name_tell(whose->name, address, length) : -ENOTCONN;
    mutex_unlock(&unix_lock);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Connections. unix_lock is held in the functions that end in _locked.
 */

static void connect_locked(struct unix_socket *self, struct unix_socket *other)
{
    unix_get(other);
    spin_lock(&self->peer_lock);
    self->peer = other;
    spin_unlock(&self->peer_lock);
    self->state = UNIX_CONNECTED;
    if (self->socket.type == SOCK_DGRAM)
        list_push_back(&other->clients, &self->as_client);
}

static int listen(struct socket *socket, int backlog, const struct socket_user *user)
{
    struct unix_socket *self = unix_of(socket);
    if (socket->type == SOCK_DGRAM)
        return -EOPNOTSUPP;
    mutex_lock(&unix_lock);
    int error = self->name == NULL || self->state == UNIX_CONNECTED ? -EINVAL : 0;
    if (error == 0) {
        self->state = UNIX_LISTENING;
        self->backlog = (unsigned)min_u64((uint64_t)(backlog < 0 ? SOCKET_BACKLOG_MAX : backlog), SOCKET_BACKLOG_MAX);
        self->user = *user;
    }
    mutex_unlock(&unix_lock);
    if (error == 0)
        wait_queue_wake_all(&self->room);
    return error;
}

/* 0: connected; -EAGAIN: too many wait already. */
static int try_connect_locked(struct unix_socket *self, struct unix_socket *listener, struct unix_socket *server)
{
    if (self->state != UNIX_NEW)
        return self->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
    if (listener->state != UNIX_LISTENING)
        return -ECONNREFUSED;
    if (listener->pending_count > listener->backlog)
        return -EAGAIN;
    server->name = unix_name_get(listener->name);
    server->user = server->peer_user = self->user;
    server->user = listener->user;
    self->peer_user = listener->user;
    connect_locked(self, server);
    connect_locked(server, self);
    list_push_back(&listener->pending, &server->waiting);
    listener->pending_count++;
    return 0;
}

/* Is it worth while to try again? */
static bool may_connect(const struct unix_socket *listener)
{
    return __atomic_load_n(&listener->pending_count, __ATOMIC_RELAXED) <= listener->backlog ||
           __atomic_load_n(&listener->state, __ATOMIC_RELAXED) != UNIX_LISTENING;
}

static int connect_stream(struct unix_socket *self, struct unix_socket *listener, const struct socket_user *user)
{
    struct unix_socket *server = make(self->socket.type);
    uint64_t deadline = socket_deadline(self->socket.send_timeout);
    int error = -ENOMEM;
    if (server == NULL)
        return error;
    do {
        mutex_lock(&unix_lock);
        self->user = *user;
        error = try_connect_locked(self, listener, server);
        mutex_unlock(&unix_lock);
        if (error != -EAGAIN || socket_is_impatient(&self->socket, 0))
            break;
        error = wait_event_interruptible_until(&listener->room, may_connect(listener), deadline);
    } while (error == 0);
    error = socket_wait_error(self->socket.send_timeout, error);
    if (error)
        close(server, true);
    else
        wait_queue_wake(&listener->readable);
    return error;
}

static void set_peer(struct unix_socket *self, struct unix_socket *peer)
{
    mutex_lock(&unix_lock);
    struct unix_socket *old = self->peer;
    spin_lock(&self->peer_lock);
    self->peer = NULL;
    spin_unlock(&self->peer_lock);
    self->state = UNIX_NEW;
    list_remove(&self->as_client);
    if (peer)
        connect_locked(self, peer);
    mutex_unlock(&unix_lock);
    if (old)
        unix_put(old);
}

static int connect(struct socket *socket, const struct socket_address *address, size_t length, const struct walk *walk,
    const struct socket_user *user)
{
    struct unix_socket *self = unix_of(socket);
    int error;
    if (length < UNIX_PATH_OFFSET)
        return -EINVAL;
    if (socket->type == SOCK_DGRAM && address->family == AF_UNSPEC) {
        set_peer(self, NULL);
        return 0;
    }
    struct unix_socket *other = unix_name_find(address, length, walk, socket->type, &error);
    if (other == NULL)
        return error;
    if (socket->type == SOCK_DGRAM) {
        error = other->peer && other->peer != self ? -EPERM : 0;
        if (error == 0)
            set_peer(self, other);
    } else {
        error = connect_stream(self, other, user);
    }
    unix_put(other);
    return error;
}

static int pair(struct socket *socket, struct socket *other, const struct socket_user *user)
{
    struct unix_socket *first = unix_of(socket), *second = unix_of(other);
    mutex_lock(&unix_lock);
    first->user = first->peer_user = second->user = second->peer_user = *user;
    connect_locked(first, second);
    connect_locked(second, first);
    mutex_unlock(&unix_lock);
    return 0;
}

static struct unix_socket *take_pending(struct unix_socket *self)
{
    mutex_lock(&unix_lock);
    struct list_node *node = list_pop_front(&self->pending);
    if (node)
        self->pending_count--;
    mutex_unlock(&unix_lock);
    return node ? container_of(node, struct unix_socket, waiting) : NULL;
}

static int accept(struct socket *socket, struct socket **accepted)
{
    struct unix_socket *self = unix_of(socket), *server = NULL;
    uint64_t deadline = socket_deadline(socket->receive_timeout);
    int error = 0;
    if (socket->type == SOCK_DGRAM)
        return -EOPNOTSUPP;
    if (self->state != UNIX_LISTENING)
        return -EINVAL;
    server = take_pending(self);
    if (server == NULL && socket_is_impatient(socket, 0))
        return -EAGAIN;
    if (server == NULL)
        error = wait_event_interruptible_until(
            &self->readable, server != NULL || (server = take_pending(self)) != NULL || self->no_reads, deadline);
    if (server == NULL)
        return error ? socket_wait_error(socket->receive_timeout, error) : -EINVAL;
    wait_queue_wake_all(&self->room);
    *accepted = &server->socket;
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What else can be done with it
 */

static int shutdown(struct socket *socket, int how)
{
    struct unix_socket *self = unix_of(socket), *peer = self->peer;
    bool reads = how != SHUT_WR, writes = how != SHUT_RD;
    if (how < SHUT_RD || how > SHUT_RDWR)
        return -EINVAL;
    mutex_lock(&self->lock);
    self->no_reads |= reads;
    self->no_writes |= writes;
    mutex_unlock(&self->lock);
    if (peer && socket->type != SOCK_DGRAM) {
        mutex_lock(&peer->lock);
        peer->no_reads |= writes;
        peer->no_writes |= reads;
        mutex_unlock(&peer->lock);
        wait_queue_wake_all(&peer->readable);
        wait_queue_wake_all(&peer->writable);
        wait_queue_wake_all(&peer->room);
    }
    wait_queue_wake_all(&self->readable);
    wait_queue_wake_all(&self->writable);
    wait_queue_wake_all(&self->room);
    return 0;
}

/* If there is no room, the next who takes something from PEER, or its end, wakes whoever polls. */
static bool has_room_for_poll(struct unix_socket *peer)
{
    if (unix_has_room(peer) || peer->socket.type != SOCK_DGRAM)
        return unix_has_room(peer);
    __atomic_store_n(&peer->starved, true, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return unix_has_room(peer);
}

static unsigned poll(struct socket *socket, struct poll_table *table)
{
    struct unix_socket *self = unix_of(socket);
    unsigned events = 0;
    poll_wait(table, &self->readable);
    poll_wait(table, &self->writable);
    bool stream = socket->type != SOCK_DGRAM, over = self->no_reads || self->peer_gone;
    if (__atomic_load_n(&self->packets.head.next, __ATOMIC_RELAXED) != &self->packets.head || over ||
        !list_is_empty(&self->pending))
        events |= POLLIN | POLLRDNORM;
    if (over && stream)
        events |= POLLRDHUP;
    if (stream && ((self->no_reads && self->no_writes) || self->peer_gone || self->state == UNIX_NEW))
        events |= POLLHUP;
    if (socket->error)
        events |= POLLERR;
    spin_lock(&self->peer_lock);
    struct unix_socket *peer = self->peer;
    if (self->state != UNIX_LISTENING && (peer == NULL || self->peer_gone || has_room_for_poll(peer)))
        events |= POLLOUT | POLLWRNORM | POLLWRBAND;
    spin_unlock(&self->peer_lock);
    return events;
}

static long bytes(struct socket *socket, bool unsent)
{
    struct unix_socket *self = unix_of(socket);
    long count = 0;
    if (self->state == UNIX_LISTENING)
        return -EINVAL;
    if (unsent) {
        mutex_lock(&unix_lock);
        count = self->peer ? (long)self->peer->bytes : 0; /* as far as it is ours */
        mutex_unlock(&unix_lock);
        return count;
    }
    mutex_lock(&self->lock);
    list_for_each(const struct unix_packet, packet, &self->packets, link)
    {
        count += (long)(packet->length - packet->offset);
        if (socket->type != SOCK_STREAM)
            break;
    }
    mutex_unlock(&self->lock);
    return count;
}

static bool listens(struct socket *socket)
{
    return unix_of(socket)->state == UNIX_LISTENING;
}

static int peer_user(struct socket *socket, struct socket_user *user)
{
    const struct unix_socket *self = unix_of(socket);
    if (self->state == UNIX_CONNECTED && socket->type != SOCK_DGRAM)
        *user = self->peer_user;
    else if (self->state == UNIX_LISTENING)
        *user = self->user;
    return 0;
}

static const struct socket_ops unix_ops = {
    .bind = bind,
    .connect = connect,
    .pair = pair,
    .listen = listen,
    .accept = accept,
    .name = name,
    .send = unix_send,
    .receive = unix_receive,
    .shutdown = shutdown,
    .poll = poll,
    .bytes = bytes,
    .listens = listens,
    .peer_user = peer_user,
    .release = release,
};
