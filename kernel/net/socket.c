/*
 * Sockets as open files: see socket.h. read and write are receive and send without address.
 *
 * Source: socket(2), socket(7).
 */
#include "net/socket.h"

#include "arch/x86_64/user.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/unix.h"
#include "panic.h"

#define FAMILIES_MAX 4

#define FIONREAD 0x541bu
#define SIOCOUTQ 0x5411u

static const struct socket_family *families[FAMILIES_MAX];

static const struct file_ops socket_file_ops;

void socket_family_register(const struct socket_family *family)
{
    unsigned i = 0;
    while (families[i])
        i++;
    ASSERT(i < FAMILIES_MAX);
    families[i] = family;
}

void sockets_init(void)
{
    socket_family_register(&unix_family);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Coming and going
 */

void socket_init(struct socket *socket, const struct socket_ops *ops, uint16_t family, uint16_t type, int protocol)
{
    *socket = (struct socket){.ops = ops,
        .family = family,
        .type = type,
        .protocol = (uint16_t)protocol,
        .send_buffer = SOCKET_BUFFER_DEFAULT,
        .receive_buffer = SOCKET_BUFFER_DEFAULT,
        .receive_timeout = THREAD_FOREVER,
        .send_timeout = THREAD_FOREVER};
}

struct file *socket_give_file(struct socket *socket, unsigned flags)
{
    struct file *file =
        file_create_anonymous("socket:", &socket_file_ops, socket, O_RDWR | (flags & SOCK_NONBLOCK), S_IFSOCK | 0777);
    if (file)
        socket->file = file;
    return file;
}

static const struct socket_family *find_family(int number)
{
    for (unsigned i = 0; i < FAMILIES_MAX && families[i]; i++)
        if (families[i]->number == number)
            return families[i];
    return NULL;
}

struct file *socket_create(int family, int type, int protocol, unsigned flags, int *error)
{
    struct socket *socket;
    const struct socket_family *maker = find_family(family);
    *error = family < 0 || family >= AF_MAX ? -EAFNOSUPPORT : type < 0 || type > 10 ? -EINVAL : 0;
    if (*error == 0)
        *error = maker ? maker->create((uint16_t)type, protocol, &socket) : -EAFNOSUPPORT;
    if (*error)
        return NULL;
    struct file *file = socket_give_file(socket, flags);
    if (file)
        return file;
    socket->ops->release(socket);
    *error = -ENOMEM;
    return NULL;
}

static void release(struct file *file)
{
    struct socket *socket = file->data;
    socket->ops->release(socket);
}

struct socket *socket_of(const struct file *file)
{
    return file->ops == &socket_file_ops ? file->data : NULL;
}

void socket_files_put(struct socket_files *files)
{
    for (unsigned i = 0; files && i < files->count; i++)
        file_put(files->files[i]);
    kfree(files);
}

/* ------------------------------------------------------------------------------------------------------------------
 * As a file
 */

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    struct socket *socket = file->data;
    struct message message = {.data = to};
    long result = socket->ops->receive(socket, &message);
    socket_files_put(message.files); /* who reads does not see what came with the bytes */
    return result;
}

static long write(struct file *file, struct iov *from, uint64_t *position)
{
    struct socket *socket = file->data;
    struct message message = {.data = from};
    long result = socket->ops->send(socket, &message);
    if (result == -EPIPE)
        from->broken = true;
    return result;
}

static unsigned poll(struct file *file, struct poll_table *table)
{
    struct socket *socket = file->data;
    return socket->ops->poll(socket, table);
}

static long ioctl(struct file *file, unsigned command, uintptr_t argument)
{
    struct socket *socket = file->data;
    if ((command != FIONREAD && command != SIOCOUTQ) || socket->ops->bytes == NULL)
        return -ENOTTY;
    long bytes = socket->ops->bytes(socket, command == SIOCOUTQ);
    int value = (int)bytes;
    return bytes < 0 ? bytes : copy_to_user(argument, &value);
}

/* A socket cannot be opened by name. */
static int open(struct file *file)
{
    return -ENXIO;
}

static const struct file_ops socket_file_ops = {
    .open = open, .release = release, .read = read, .write = write, .poll = poll, .ioctl = ioctl, .stream = true};
