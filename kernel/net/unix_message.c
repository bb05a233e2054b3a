/*
 * Sending and receiving through AF_UNIX sockets: see unix.h.
 *
 * Who sends puts packets into the receiver's list, under the receiver's lock; who receives takes them out under the
 * same lock, his own. Who finds no room, or nothing, waits in a queue of the receiver. A message with files is put and
 * taken under unix_lock, too (unix_rights.c).
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/unix.h"

/* What one message is, on its way. */
struct sending {
    struct unix_socket *self, *to; /* a reference to the second */
    struct message *message;
};

static void lock_both(struct unix_socket *socket, bool files)
{
    if (files)
        mutex_lock(&unix_lock);
    mutex_lock(&socket->lock);
}

static void unlock_both(struct unix_socket *socket, bool files)
{
    mutex_unlock(&socket->lock);
    if (files)
        mutex_unlock(&unix_lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sending. The receiver's lock is held in the functions that end in _locked.
 */

static struct unix_packet *packet_create(const struct sending *sending, size_t room)
{
    struct unix_packet *packet = kmalloc(sizeof *packet + room, ALLOC_MODEST);
    if (packet == NULL)
        return NULL;
    *packet = (struct unix_packet){.user = sending->message->user};
    packet->room = kmalloc_size(packet) - sizeof *packet;
    if (sending->self->socket.type == SOCK_DGRAM)
        packet->from = unix_name_get(sending->self->name);
    return packet;
}

static void queue_locked(const struct sending *sending, struct unix_packet *packet)
{
    struct unix_socket *to = sending->to;
    packet->files = sending->message->files;
    sending->message->files = NULL;
    unix_files_sent(packet->files); /* if there are any, unix_lock is held */
    to->with_files += packet->files != NULL;
    list_push_back(&to->packets, &packet->link);
    __atomic_store_n(&to->bytes, to->bytes + packet->length, __ATOMIC_RELAXED);
    __atomic_store_n(&to->packet_count, to->packet_count + 1, __ATOMIC_RELAXED);
}

/* Bytes of a stream behind those of the last packet, if they fit there whole: how many, or -EFAULT. */
static long append_locked(const struct sending *sending, size_t size)
{
    struct unix_socket *to = sending->to;
    const struct message *message = sending->message;
    if (list_is_empty(&to->packets) || message->files)
        return 0;
    struct unix_packet *last = container_of(to->packets.head.previous, struct unix_packet, link);
    if (last->room - last->length < size || memcmp(&last->user, &message->user, sizeof last->user) != 0)
        return 0;
    if (iov_copy_in(message->data, last->bytes + last->length, size) < size)
        return -EFAULT;
    last->length += size;
    __atomic_store_n(&to->bytes, to->bytes + size, __ATOMIC_RELAXED);
    return (long)size;
}

/* A packet of SIZE bytes: SIZE, or -ENOMEM, -EFAULT. */
static long put_locked(const struct sending *sending, size_t size)
{
    struct unix_packet *packet = packet_create(sending, size);
    if (packet == NULL)
        return -ENOMEM;
    packet->length = size;
    if (iov_copy_in(sending->message->data, packet->bytes, size) < size) {
        unix_name_put(packet->from);
        kfree(packet);
        return -EFAULT;
    }
    queue_locked(sending, packet);
    return (long)size;
}

static int refusal_locked(const struct sending *sending)
{
    const struct unix_socket *to = sending->to;
    if (sending->self->no_writes)
        return -EPIPE;
    if (to->state == UNIX_CLOSED)
        return sending->self->socket.type == SOCK_DGRAM ? -ECONNREFUSED : -EPIPE;
    return to->no_reads ? -EPIPE : 0;
}

/* SIZE bytes, as soon as there is room. */
static long send_piece(const struct sending *sending, size_t size, uint64_t deadline)
{
    struct unix_socket *self = sending->self, *to = sending->to;
    bool files = sending->message->files != NULL, stream = self->socket.type == SOCK_STREAM;
    long result;
    for (;;) {
        lock_both(to, files);
        result = refusal_locked(sending);
        bool full = result == 0 && !unix_has_room(to);
        if (result == 0 && !full) {
            result = stream ? append_locked(sending, size) : 0;
            result = result ? result : put_locked(sending, size);
        }
        unlock_both(to, files);
        if (!full)
            break;
        if (socket_is_impatient(&self->socket, sending->message->flags))
            return -EAGAIN;
        int error = wait_event_interruptible_until(
            &to->room, unix_has_room(to) || to->no_reads || to->state == UNIX_CLOSED || self->no_writes, deadline);
        if (error)
            return socket_wait_error(self->socket.send_timeout, error);
    }
    if (result >= 0)
        wait_queue_wake(&to->readable);
    return result;
}

static long send_stream(const struct sending *sending)
{
    struct iov *data = sending->message->data;
    uint64_t deadline = socket_deadline(sending->self->socket.send_timeout);
    long sent = 0;
    while (data->left > 0) {
        long piece = send_piece(sending, min_u64(data->left, UNIX_PIECE_MAX), deadline);
        if (piece < 0)
            return sent > 0 ? sent : piece;
        sent += piece;
    }
    return sent;
}

static long send_whole(const struct sending *sending)
{
    size_t size = sending->message->data->left;
    if (size > (size_t)sending->self->socket.send_buffer - 32)
        return -EMSGSIZE;
    return send_piece(sending, size, socket_deadline(sending->self->socket.send_timeout));
}

/* To whom it goes, with a reference. */
static int choose_receiver(struct sending *sending)
{
    struct unix_socket *self = sending->self;
    const struct message *message = sending->message;
    bool connected = self->state == UNIX_CONNECTED;
    int error;
    if (message->address_length > 0 && self->socket.type != SOCK_DGRAM && self->socket.type != SOCK_SEQPACKET)
        return connected ? -EISCONN : -EOPNOTSUPP;
    if (message->address_length > 0 && self->socket.type == SOCK_DGRAM) {
        sending->to = unix_name_find(message->address, message->address_length, message->walk, SOCK_DGRAM, &error);
        if (sending->to == NULL)
            return error;
        if (sending->to->peer && sending->to->peer != self) {
            unix_put(sending->to);
            return -EPERM;
        }
        return 0;
    }
    spin_lock(&self->peer_lock);
    sending->to = self->peer;
    if (sending->to)
        unix_get(sending->to);
    spin_unlock(&self->peer_lock);
    return sending->to ? 0 : -ENOTCONN;
}

static void bind_for_user(struct unix_socket *self)
{
    mutex_lock(&unix_lock);
    if (self->name == NULL)
        (void)unix_name_bind_any(self);
    mutex_unlock(&unix_lock);
}

long unix_send(struct socket *socket, struct message *message)
{
    struct sending sending = {.self = unix_of(socket), .message = message};
    if (message->flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (unix_files_are_too_many(message->files))
        return -ETOOMANYREFS;
    int error = choose_receiver(&sending);
    if (error)
        return error;
    if (socket->passes_user && socket->type == SOCK_DGRAM)
        bind_for_user(sending.self);
    long result = socket->type == SOCK_STREAM ? send_stream(&sending) : send_whole(&sending);
    unix_put(sending.to);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Receiving. The socket's own lock is held in the functions that end in _locked.
 */

static struct unix_packet *first_locked(const struct unix_socket *self)
{
    struct list_node *node = list_first(&self->packets);
    return node ? container_of(node, struct unix_packet, link) : NULL;
}

/* What it carries, to MESSAGE. A message that is looked at twice has its files twice. */
static int take_files_locked(struct unix_socket *self, struct unix_packet *packet, struct message *message)
{
    size_t count = packet->files->count;
    if (!(message->flags & MSG_PEEK)) {
        self->with_files--;
        unix_files_received(packet->files);
        message->files = packet->files;
        packet->files = NULL;
        return 0;
    }
    struct socket_files *copy = kmalloc(sizeof *copy + count * sizeof copy->files[0], 0);
    if (copy == NULL)
        return -ENOMEM;
    copy->count = (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        copy->files[i] = packet->files->files[i];
        file_get(copy->files[i]);
    }
    message->files = copy;
    return 0;
}

static void remove_locked(struct unix_socket *self, struct unix_packet *packet, struct list *done)
{
    list_remove(&packet->link);
    __atomic_store_n(&self->packet_count, self->packet_count - 1, __ATOMIC_RELAXED);
    list_push_back(done, &packet->link);
}

/* Bytes of the packet, to MESSAGE. *flawed: the program's memory was not there. */
static size_t copy_locked(struct unix_socket *self, struct unix_packet *packet, struct message *message, bool *flawed)
{
    size_t wanted = min_u64(packet->length - packet->offset, message->data->left);
    size_t copied = iov_copy_out(message->data, packet->bytes + packet->offset, wanted);
    *flawed = copied < wanted;
    if (!(message->flags & MSG_PEEK)) {
        packet->offset += copied;
        __atomic_store_n(&self->bytes, self->bytes - copied, __ATOMIC_RELAXED);
    }
    return copied;
}

static void note_sender(const struct unix_socket *self, const struct unix_packet *packet, struct message *message)
{
    message->user = packet->user;
    message->has_user = self->socket.passes_user;
    if (message->address && packet->from)
        (void)unix_name_tell(packet->from, message->address, &message->address_length);
}

/* Does PACKET go on where the one before ended, for who reads the stream? */
static bool continues(const struct unix_socket *self, const struct unix_packet *packet, const struct message *message)
{
    return !self->socket.passes_user || memcmp(&packet->user, &message->user, sizeof packet->user) == 0;
}

/* As many packets of a stream as fit, up to one with files. GOES_ON: MESSAGE has bytes of earlier ones already. */
static long take_stream_locked(struct unix_socket *self, struct message *message, bool goes_on, struct list *done)
{
    long taken = 0;
    bool flawed = false, peeks = message->flags & MSG_PEEK;
    struct list_node *node = self->packets.head.next;
    while (node != &self->packets.head && message->data->left > 0 && !message->files && !flawed) {
        struct unix_packet *packet = container_of(node, struct unix_packet, link);
        node = node->next;
        if (!goes_on)
            note_sender(self, packet, message);
        else if (!continues(self, packet, message))
            break;
        int error = packet->files ? take_files_locked(self, packet, message) : 0;
        if (error)
            return taken > 0 ? taken : error;
        taken += (long)copy_locked(self, packet, message, &flawed);
        goes_on = true;
        if (!peeks && packet->offset == packet->length)
            remove_locked(self, packet, done);
    }
    return taken == 0 && flawed ? -EFAULT : taken;
}

/* One packet whole; what does not fit is lost. */
static long take_whole_locked(struct unix_socket *self, struct message *message, struct list *done)
{
    struct unix_packet *packet = first_locked(self);
    size_t length = packet->length;
    bool flawed, told = message->flags & MSG_TRUNC, peeks = message->flags & MSG_PEEK;
    int error = packet->files ? take_files_locked(self, packet, message) : 0;
    if (error)
        return error;
    note_sender(self, packet, message);
    size_t copied = copy_locked(self, packet, message, &flawed);
    message->flags &= ~MSG_TRUNC;
    if (copied < length)
        message->flags |= MSG_TRUNC;
    if (!peeks) {
        __atomic_store_n(&self->bytes, self->bytes - (packet->length - packet->offset), __ATOMIC_RELAXED);
        remove_locked(self, packet, done);
    }
    return flawed ? -EFAULT : told ? (long)length : (long)copied;
}

/* What is there: bytes; 0 at the end; -EAGAIN: nothing yet. */
static long take(struct unix_socket *self, struct message *message, bool goes_on, struct list *done)
{
    bool stream = self->socket.type == SOCK_STREAM, files = false;
    long result = -EAGAIN;
    lock_both(self, false);
    if (self->with_files > 0) {
        unlock_both(self, false);
        files = true;
        lock_both(self, true);
    }
    if (!list_is_empty(&self->packets))
        result = stream ? take_stream_locked(self, message, goes_on, done) : take_whole_locked(self, message, done);
    else if (self->socket.error)
        result = -__atomic_exchange_n(&self->socket.error, 0, __ATOMIC_RELAXED);
    else if (self->no_reads || self->peer_gone)
        result = 0;
    unlock_both(self, files);
    return result;
}

static void tell_senders(struct unix_socket *self)
{
    if (!wait_queue_is_empty(&self->room))
        wait_queue_wake_all(&self->room);
    spin_lock(&self->peer_lock);
    if (self->peer && !wait_queue_is_empty(&self->peer->writable))
        wait_queue_wake_all(&self->peer->writable);
    spin_unlock(&self->peer_lock);
    unix_tell_starved(self);
}

static bool has_something(const struct unix_socket *self)
{
    return __atomic_load_n(&self->packets.head.next, __ATOMIC_RELAXED) != &self->packets.head || self->no_reads ||
           self->peer_gone || self->socket.error;
}

long unix_receive(struct socket *socket, struct message *message)
{
    struct unix_socket *self = unix_of(socket);
    struct list done = LIST_INIT(done);
    uint64_t deadline = socket_deadline(socket->receive_timeout);
    long received = 0, result;
    if (message->flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (socket->type != SOCK_DGRAM && self->state != UNIX_CONNECTED)
        return socket->type == SOCK_STREAM ? -EINVAL : -ENOTCONN;
    for (;;) {
        result = take(self, message, received > 0, &done);
        received += result > 0 ? result : 0;
        bool enough = result > 0 && (socket->type != SOCK_STREAM || message->data->left == 0 || message->files ||
                                        !(message->flags & MSG_WAITALL) || message->flags & MSG_PEEK);
        if (enough || (result < 0 && result != -EAGAIN) || result == 0)
            break;
        if (socket_is_impatient(socket, message->flags))
            break;
        int error = wait_event_interruptible_until(&self->readable, has_something(self), deadline);
        result = error ? socket_wait_error(socket->receive_timeout, error) : -EAGAIN;
        if (error)
            break;
    }
    if (!list_is_empty(&done))
        tell_senders(self);
    unix_packets_free(&done);
    return received > 0 ? received : result;
}
