/*
 * Open files on their way through AF_UNIX sockets.
 *
 * A message holds a reference to each file that it carries. A socket that is itself on its way, and open nowhere else,
 * can be had only by receiving that message; if the message waits at such a socket, too, perhaps at this very one,
 * nobody will ever receive it. So when a socket is closed and others are on their way, unix_collect marks all that can
 * be reached: those with more references to their files than messages carry, and what waits at those, and so on. What
 * waits at the others is thrown away, which closes them.
 *
 * A message may carry a socket at which a message waits that carries a socket, and so on without end: messages are
 * taken apart one after another, from a list, and not while another is.
 *
 * Locks: unix_lock guards all of this. Messages with files are queued and taken under it, so that no file is between
 * two places while they are counted.
 */
#include "mm/slab.h"
#include "net/unix.h"

#define FEW 64
#define IN_FLIGHT_MAX 65536 /* files that messages may carry, of all */

static struct list all = LIST_INIT(all);
static struct list doomed = LIST_INIT(doomed); /* packets to be taken apart */
static bool dooming;                           /* somebody does */
static uint64_t in_flight;                     /* sockets that messages carry */
static uint64_t files_in_flight;               /* files of all kinds */

void unix_rights_add(struct unix_socket *socket)
{
    list_push_back(&all, &socket->all);
}

void unix_rights_remove(struct unix_socket *socket)
{
    list_remove(&socket->all);
}

void unix_each(void (*show)(void *context, const struct unix_socket *socket), void *context)
{
    mutex_lock(&unix_lock);
    list_for_each(struct unix_socket, socket, &all, all) show(context, socket);
    mutex_unlock(&unix_lock);
}

static struct unix_socket *carried(const struct file *file)
{
    struct socket *socket = socket_of(file);
    return socket && socket->family == AF_UNIX ? unix_of(socket) : NULL;
}

static void count(const struct socket_files *files, int difference)
{
    for (unsigned i = 0; files && i < files->count; i++) {
        struct unix_socket *socket = carried(files->files[i]);
        files_in_flight += (uint64_t)(int64_t)difference;
        if (socket == NULL)
            continue;
        socket->in_flight += (unsigned)difference;
        in_flight += (uint64_t)(int64_t)difference;
    }
}

bool unix_files_are_too_many(const struct socket_files *files)
{
    return files && __atomic_load_n(&files_in_flight, __ATOMIC_RELAXED) + files->count > IN_FLIGHT_MAX;
}

void unix_files_sent(const struct socket_files *files)
{
    count(files, 1);
}

void unix_files_received(const struct socket_files *files)
{
    count(files, -1);
}

static void packet_free(struct unix_packet *packet)
{
    list_remove(&packet->link);
    socket_files_put(packet->files);
    unix_name_put(packet->from);
    kfree(packet);
}

void unix_packets_free(struct list *packets)
{
    struct list_node *node;
    list_for_each_safe(struct unix_packet, packet, packets, link)
    {
        if (packet->files == NULL)
            packet_free(packet);
    }
    if (list_is_empty(packets))
        return;
    mutex_lock(&unix_lock);
    list_splice_back(&doomed, packets);
    bool ours = !dooming;
    dooming = true;
    while (ours && (node = list_pop_front(&doomed)) != NULL) {
        struct unix_packet *packet = container_of(node, struct unix_packet, link);
        unix_files_received(packet->files);
        mutex_unlock(&unix_lock);
        packet_free(packet);
        mutex_lock(&unix_lock);
    }
    if (ours)
        dooming = false;
    mutex_unlock(&unix_lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What nobody can reach
 */

/* Those that wait to be accepted have no file, and can be had by way of their listener alone; others without a file are
 * about to get one. */
static bool is_open_somewhere(const struct unix_socket *socket)
{
    const struct file *file = socket->socket.file;
    if (file == NULL)
        return !list_is_linked(&socket->waiting);
    return __atomic_load_n(&file->references, __ATOMIC_RELAXED) > socket->in_flight;
}

static void reach(struct unix_socket *socket, struct list *todo)
{
    if (socket->reached)
        return;
    socket->reached = true;
    list_push_back(todo, &socket->todo);
}

/* What waits at SOCKET can be reached. */
static void reach_from(struct unix_socket *socket, struct list *todo)
{
    list_for_each(struct unix_socket, pending, &socket->pending, waiting) reach(pending, todo);
    mutex_lock(&socket->lock);
    list_for_each(struct unix_packet, packet, &socket->packets, link)
    {
        for (unsigned i = 0; packet->files && i < packet->files->count; i++) {
            struct unix_socket *found = carried(packet->files->files[i]);
            if (found)
                reach(found, todo);
        }
    }
    mutex_unlock(&socket->lock);
}

static void mark(void)
{
    struct list todo = LIST_INIT(todo);
    struct list_node *node;
    list_for_each(struct unix_socket, socket, &all, all) socket->reached = false;
    list_for_each(struct unix_socket, socket, &all, all)
    {
        if (is_open_somewhere(socket))
            reach(socket, &todo);
    }
    while ((node = list_pop_front(&todo)) != NULL)
        reach_from(container_of(node, struct unix_socket, todo), &todo);
}

/* Looking at all of them is for when there are few, or when it has not been done for a while. */
static bool is_worth_while(void)
{
    static uint64_t closed;
    uint64_t on_their_way = __atomic_load_n(&in_flight, __ATOMIC_RELAXED);
    if (on_their_way == 0)
        return false;
    if (on_their_way > FEW && 4 * __atomic_add_fetch(&closed, 1, __ATOMIC_RELAXED) < on_their_way)
        return false;
    __atomic_store_n(&closed, 0, __ATOMIC_RELAXED);
    return true;
}

void unix_collect(void)
{
    struct list packets = LIST_INIT(packets);
    if (!is_worth_while())
        return;
    mutex_lock(&unix_lock);
    mark();
    list_for_each(struct unix_socket, socket, &all, all)
    {
        if (socket->reached)
            continue;
        mutex_lock(&socket->lock);
        list_splice_back(&packets, &socket->packets);
        socket->bytes = socket->packet_count = socket->with_files = 0;
        mutex_unlock(&socket->lock);
    }
    mutex_unlock(&unix_lock);
    unix_packets_free(&packets);
}
